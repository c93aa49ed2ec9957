package btfbatchfind

import (
	"os"
	"strings"
	"testing"
)

func TestParseOSReleaseReadsValuesAsAShellDoes(t *testing.T) {
	for text, want := range map[string]string{
		"ID=a": "a", "ID=a # comment\n": "a", "ID=\"a b\"\r\n": "a b", "ID='a\\b'\n": "a\\b",
		"ID=\"a\\\"\\$\\x\"\n": "a\"$\\x", "ID=a\\ b\n": "a b", "ID=a'b'\"c\"\n": "abc",
		"ID=a\nID=b\n": "b", "ID=\n": "", "ID": "", "#ID=a\nXID=a\nID_=a\n": "", "ID='a": "a",
		"ID=a\\": "a\\", "ID=" + strings.Repeat("a", 63): strings.Repeat("a", 63),
		"ID=" + strings.Repeat("a", 64): "",
	} {
		host := Host{ID: "before"}
		if host.ParseOSRelease([]byte(text)); host.ID != want {
			t.Errorf("%q: got %q, not %q", text, host.ID, want)
		}
	}
}

func TestReadHostTakesTheRootsOsRelease(t *testing.T) {
	root := t.TempDir()
	for _, folder := range []string{"/etc", "/usr/lib", "/static"} {
		if err := os.MkdirAll(root+folder, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	read := func() string {
		host, err := ReadHost(root)
		if err != nil || host.KernelRelease == "" || host.Machine == "" {
			t.Errorf("got %+v, %v", host, err)
		}
		return host.ID
	}
	if got := read(); got != "" {
		t.Errorf("got %q without a file", got)
	}
	for _, file := range []struct{ name, id string }{{"/usr/lib/os-release", "two"},
		{"/etc/os-release", "one"}} {
		if err := os.WriteFile(root+file.name, []byte("ID="+file.id+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		if got := read(); got != file.id {
			t.Errorf("got %q, not %q", got, file.id)
		}
	}
	// A link to an absolute path means the host's, not ours.
	if err := os.Rename(root+"/etc/os-release", root+"/static/os-release"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/static/os-release", root+"/etc/os-release"); err != nil {
		t.Fatal(err)
	}
	if got := read(); got != "one" {
		t.Errorf("got %q through the link", got)
	}
}
