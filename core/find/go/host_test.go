package btfbatchfind

import (
	"errors"
	"os"
	"strings"
	"syscall"
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

func TestReadHostFollowsLinksWithinTheRoot(t *testing.T) {
	around := t.TempDir()
	root := around + "/host"
	for _, folder := range []string{"/nix/store", "/nix/static/etc", "/usr/lib"} {
		if err := os.MkdirAll(root+folder, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, id string) {
		if err := os.WriteFile(name, []byte("ID="+id+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	link := func(target, name string) {
		os.Remove(name)
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	expect := func(want string) {
		if host, err := ReadHost(root); err != nil || host.ID != want {
			t.Errorf("got %q, %v, not %q", host.ID, err, want)
		}
	}
	write(around+"/os-release", "outside")
	write(root+"/nix/store/release", "inside")
	write(root+"/os-release", "at-the-root")
	// Folders on the way, links to links, from above and from here.
	link("/static/../static/etc", root+"/etc")
	link("nix/static", root+"/static")
	link("/nix/store/../store/./link", root+"/nix/static/etc/os-release")
	link("../../../../../../nix/store/release", root+"/nix/store/link")
	expect("inside")
	// Where the way climbs over the root, it stays there, as in a chroot.
	link("../../os-release", root+"/nix/static/etc/os-release")
	expect("")
	link("../../../os-release", root+"/nix/static/etc/os-release")
	expect("at-the-root")
	link("../../../.."+around+"/os-release", root+"/nix/static/etc/os-release")
	expect("")
	write(root+"/usr/lib/os-release", "second")
	expect("second")
	link("circle", root+"/nix/static/etc/os-release")
	link("os-release", root+"/nix/static/etc/circle")
	if _, err := ReadHost(root); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("got %v", err)
	}
}
