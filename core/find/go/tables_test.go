package btfbatchfind

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// quotedIn gives all texts between quotes in the C source's table, those that follow each other made one.
func quotedIn(t *testing.T, source, table string) []string {
	begin := strings.Index(source, table)
	if begin < 0 {
		t.Fatalf("btfbatch_find.c has no %q", table)
	}
	body := source[begin+len(table):]
	body = body[:strings.Index(body, ";\n")]
	body = regexp.MustCompile(`"\s*\n\s*"`).ReplaceAllString(body, "")
	body = regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAllString(body, "")
	var texts []string
	for _, match := range regexp.MustCompile(`"([^"]*)"`).FindAllStringSubmatch(body, -1) {
		texts = append(texts, match[1])
	}
	return texts
}

func TestTablesAreThoseOfTheCLibrary(t *testing.T) {
	text, err := os.ReadFile("../btfbatch_find.c")
	if err != nil {
		t.Fatal(err)
	}
	source := string(text)
	ours := map[string][]string{"arch_names[] =": {strings.Join(archNames, " ")}}
	for _, spellings := range archSpellings {
		ours["arch_spellings[] ="] = append(ours["arch_spellings[] ="], spellings.machines,
			spellings.folders)
	}
	for _, alias := range distroAliases {
		ours["distro_aliases[] ="] = append(ours["distro_aliases[] ="], alias.id, alias.distros)
	}
	for _, name := range codenames {
		ours["codenames[] ="] = append(ours["codenames[] ="], name.distro, name.number, name.codename)
	}
	for _, mark := range marks {
		ours["marks[] ="] = append(ours["marks[] ="], mark.text, mark.after, mark.distros)
	}
	for table, want := range ours {
		got := quotedIn(t, source, table)
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s\n%q\nis not ours:\n%q", table, got, want)
		}
	}
	kinds := regexp.MustCompile(`\{(MARK_[A-Z_]+)`).FindAllStringSubmatch(
		source[strings.Index(source, "marks[] ="):], -1)
	names := map[string]markKind{"MARK_NUMBERED": markNumbered, "MARK_CONTAINED": markContained,
		"MARK_UBUNTU_FLAVOR": markUbuntuFlavor, "MARK_ENDING": markEnding,
		"MARK_SUSE_ENDING": markSuseEnding}
	if len(kinds) != len(marks) {
		t.Fatalf("%d marks, not %d", len(kinds), len(marks))
	}
	for i, kind := range kinds {
		if names[kind[1]] != marks[i].kind {
			t.Errorf("mark %d is of kind %s", i, kind[1])
		}
	}
}

// distro-info-data knows the codenames of Debian and Ubuntu; Fedora's are numbers in words.
func TestCodenamesAreTheDistros(t *testing.T) {
	theirs := map[string]string{}
	for _, distro := range []string{"debian", "ubuntu"} {
		text, err := os.ReadFile("/usr/share/distro-info/" + distro + ".csv")
		if err != nil {
			t.Skip("the package distro-info-data is not installed")
		}
		for _, line := range strings.Split(string(text), "\n") {
			if fields := strings.Split(line, ","); len(fields) > 3 {
				number := strings.TrimSuffix(fields[0], " LTS")
				theirs[distro+" "+number] = fields[2]
			}
		}
	}
	words := []string{"", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"}
	tens := map[byte]string{'2': "Twenty", '3': "Thirty", '4': "Forty"}
	for _, name := range codenames {
		want := theirs[name.distro+" "+name.number]
		if name.distro == "fedora" {
			want = tens[name.number[0]] + words[name.number[1]-'0']
		}
		if name.distro != "amzn" && name.codename != want {
			t.Errorf("%s %s is %q, not %q", name.distro, name.number, want, name.codename)
		}
	}
}
