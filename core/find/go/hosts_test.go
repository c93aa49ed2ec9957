package btfbatchfind

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

type hostRow struct {
	line    int
	archive string
	host    Host
	nearest bool
	result  string
	keys    string
}

type archivedKernel struct{ path, content string }

// readTable reads tests/data/hosts.txt, which tells how it is written.
func readTable(t *testing.T) (map[string][]archivedKernel, []hostRow) {
	text, err := os.ReadFile("../../../tests/data/hosts.txt")
	if err != nil {
		t.Fatal(err)
	}
	archives := map[string][]archivedKernel{}
	osReleases := map[string]string{}
	var hosts []hostRow
	section := []string{""}
	rows := ""
	for i, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "[") {
			section = strings.Fields(strings.Trim(line, "[]"))
			if section[0] == "rows" {
				rows = section[1]
			}
			continue
		}
		if section[0] == "os-release" {
			end := "\n"
			if len(section) > 2 {
				end = "\r\n"
			}
			osReleases[section[1]] += line + end
			continue
		}
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(line, "#") {
			continue
		}
		switch section[0] {
		case "archive":
			archives[section[1]] = append(archives[section[1]], archivedKernel{words[0], words[2]})
		case "hosts":
			row := hostRow{line: i + 1, archive: section[1], nearest: words[3] == "nearest",
				result: words[4], keys: strings.Join(words[5:], " ")}
			if words[0] != "-" {
				row.host.ParseOSRelease([]byte(osReleases[words[0]]))
			}
			row.host.Machine = words[1]
			if words[2] != "-" {
				row.host.KernelRelease = words[2]
			}
			hosts = append(hosts, row)
		default:
			t.Fatalf("hosts.txt:%d is in no section", i+1)
		}
	}
	if fmt.Sprint(len(hosts)) != rows {
		t.Fatalf("hosts.txt says that it has %s rows, and has %d", rows, len(hosts))
	}
	return archives, hosts
}

func checkTable(t *testing.T, open func(kernels []archivedKernel) (*Archive, error)) {
	archives, hosts := readTable(t)
	for _, row := range hosts {
		archive, err := open(archives[row.archive])
		if err != nil {
			t.Fatal(err)
		}
		var explained strings.Builder
		found, err := archive.Find(row.host, Options{Nearest: row.nearest, Explain: func(trial Trial) {
			fmt.Fprintf(&explained, "    %s: %s\n", trial.Key, trial.Why)
		}})
		var refused *AmbiguousError
		result, keys := "", ""
		switch {
		case err == nil:
			result, keys = string(found.How), found.Kernel.String()
		case errors.As(err, &refused):
			result = "refused"
			var choices []string
			for _, choice := range refused.Choices {
				choices = append(choices, choice.String())
			}
			keys = strings.Join(choices, " ")
		case errors.Is(err, ErrNotFound):
			result = "none"
		case errors.Is(err, ErrInvalid):
			result = "invalid"
		default:
			t.Fatal(err)
		}
		if (row.result != "any" && result != row.result) || keys != row.keys {
			t.Errorf("hosts.txt:%d: got %s %s, not %s %s\n%s", row.line, result, keys, row.result,
				row.keys, explained.String())
		}
		if err == nil {
			for _, kernel := range archives[row.archive] {
				if identify(kernel.path+".btf") == found.Kernel && string(found.BTF) != kernel.content {
					t.Errorf("hosts.txt:%d: got the BTF %q, not %q", row.line, found.BTF, kernel.content)
				}
			}
		}
	}
}

func TestHostsTableHoldsForABtfsFile(t *testing.T) {
	checkTable(t, func(kernels []archivedKernel) (*Archive, error) {
		contents := map[Kernel]string{}
		for _, kernel := range kernels {
			contents[identify(kernel.path+".btf")] = kernel.content
		}
		return Open(writeBtfs(contents))
	})
}

func TestHostsTableHoldsForATree(t *testing.T) {
	checkTable(t, func(kernels []archivedKernel) (*Archive, error) {
		tree := fstest.MapFS{}
		for _, kernel := range kernels {
			tree[kernel.path+".btf"] = &fstest.MapFile{Data: []byte(kernel.content)}
		}
		return OpenFS(tree)
	})
}

func TestHostsTableHoldsForTheLayoutIndexed(t *testing.T) {
	checkTable(t, func(kernels []archivedKernel) (*Archive, error) {
		tree := fstest.MapFS{}
		var lines []string
		for _, kernel := range kernels {
			blob := "blobs/" + kernel.content + ".btf"
			tree[blob] = &fstest.MapFile{Data: []byte(kernel.content)}
			who := identify(kernel.path + ".btf")
			lines = append(lines, fmt.Sprintf(`{"path": %q, "distro": %q, "release": %q, "arch": %q, `+
				`"kernel": %q, "content_id": "0", "blob": %q}`, kernel.path+".btf", who.Distro,
				who.Release, who.Arch, who.KernelRelease, blob))
		}
		tree["index.json"] = &fstest.MapFile{Data: []byte(`{"format_version": 1, "kernels": [` +
			strings.Join(lines, ",") + `], "aliases": []}`)}
		return OpenFS(tree)
	})
}

func TestIndexAliasesAreKernelsToo(t *testing.T) {
	tree := fstest.MapFS{
		"blobs/1.btf": {Data: []byte("one")},
		"index.json": {Data: []byte(`{"format_version": 1, "kernels": [{"path": "ubuntu/20.04/x86_64/k.btf",
			"distro": "ubuntu", "release": "20.04", "arch": "x86_64", "kernel": "k", "blob": "blobs/1.btf"}],
			"aliases": [{"path": "ubuntu/focal", "target": "ubuntu/20.04", "is_directory": true},
			{"path": "mint/x86_64/k.btf", "target": "ubuntu/20.04/x86_64/k.btf", "is_directory": false},
			{"path": "other", "target": "ubuntu/20.0", "is_directory": true}]}`)},
	}
	archive, err := OpenFS(tree)
	if err != nil {
		t.Fatal(err)
	}
	want := "[/mint/x86_64/k ubuntu/20.04/x86_64/k ubuntu/focal/x86_64/k]"
	if got := fmt.Sprint(archive.Kernels()); got != want {
		t.Errorf("got %s, not %s", got, want)
	}
	for _, broken := range []string{`{`, `{"format_version": 2}`,
		`{"format_version": 1, "kernels": [{"path": "a.btf", "blob": "../a.btf"}]}`} {
		tree["index.json"] = &fstest.MapFile{Data: []byte(broken)}
		if _, err := OpenFS(tree); err == nil {
			t.Errorf("%s: no error", broken)
		}
	}
}

// A tree on disk, with links between folders and one in a circle.
func TestTreeOnDisk(t *testing.T) {
	root := t.TempDir()
	folder := root + "/ubuntu/20.04/x86_64"
	if err := os.MkdirAll(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder+"/5.4.0-58-generic.btf", []byte("btf"), 0o666); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"/ubuntu/focal": "20.04", "/ubuntu/circle": "..",
		"/ubuntu/gone": "nowhere"} {
		if err := os.Symlink(target, root+link); err != nil {
			t.Fatal(err)
		}
	}
	archive, err := OpenFS(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	found, err := archive.Find(Host{ID: "ubuntu", VersionCodename: "focal", Machine: "x86_64",
		KernelRelease: "5.4.0-58-generic"}, Options{})
	if err != nil || string(found.BTF) != "btf" || found.How != ByOSRelease {
		t.Errorf("got %+v, %v", found, err)
	}
	if _, err := OpenFS(os.DirFS(root + "/none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
