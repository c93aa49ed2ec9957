package btfbatchfind

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// Host is what is known of a host; empty where it is not. Machine and KernelRelease are needed.
type Host struct {
	ID              string // os-release: "ubuntu"
	IDLike          string // "rhel centos fedora"
	VersionID       string // "20.04"
	VersionCodename string // "focal"
	UbuntuCodename  string // of distros made from Ubuntu
	Machine         string // `uname -m`: "aarch64"
	KernelRelease   string // `uname -r`: "5.4.0-58-generic"
}

// ParseOSRelease takes the five texts of os-release from such a file: values quoted with " or ' or not
// at all, with escapes, comments, either line end. The rest of the host stays as it is.
func (h *Host) ParseOSRelease(text []byte) {
	wanted := map[string]*string{
		"ID": &h.ID, "ID_LIKE": &h.IDLike, "VERSION_ID": &h.VersionID,
		"VERSION_CODENAME": &h.VersionCodename, "UBUNTU_CODENAME": &h.UbuntuCodename,
	}
	for _, field := range wanted {
		*field = ""
	}
	for _, line := range strings.Split(string(text), "\n") {
		name, value, _ := strings.Cut(strings.TrimLeft(line, " \t\r"), "=")
		field := wanted[name]
		if field == nil {
			continue
		}
		// As long as the C library takes, so that both answer alike.
		limit := 64
		if name == "ID_LIKE" {
			limit = 128
		}
		if *field = parseValue(value); len(*field) >= limit {
			*field = ""
		}
	}
}

// parseValue reads a value as a shell would.
func parseValue(text string) string {
	var value strings.Builder
	quote := byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == 0:
			return ""
		case quote == 0 && (c == ' ' || c == '\t' || c == '\r'):
			return value.String()
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
			continue
		case quote != 0 && c == quote:
			quote = 0
			continue
		case c == '\\' && quote != '\'' && i+1 < len(text) &&
			(quote == 0 || strings.IndexByte("\"\\$`", text[i+1]) >= 0):
			i++
			if c = text[i]; c == 0 {
				return ""
			}
		}
		value.WriteByte(c)
	}
	return value.String()
}

// readUnder reads name as a process would whose root directory is root: every link on the way leads to a
// place within root, whether it is absolute or climbs with "..".
func readUnder(root, name string) ([]byte, error) {
	at := "" // as far as we are, below root
	rest := strings.Split(name, "/")
	for links := 40; len(rest) > 0; { // as many as Linux follows
		part := rest[0]
		rest = rest[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			at = at[:max(0, strings.LastIndexByte(at, '/'))]
			continue
		}
		target, err := os.Readlink(root + at + "/" + part)
		if errors.Is(err, syscall.EINVAL) { // no link
			at += "/" + part
			continue
		}
		if err != nil {
			return nil, err
		}
		if links--; links < 0 {
			return nil, &fs.PathError{Op: "open", Path: root + "/" + name, Err: syscall.ELOOP}
		}
		if strings.HasPrefix(target, "/") {
			at = ""
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return os.ReadFile(root + at)
}

// ReadHost tells the running host: uname, and etc/os-release under root (such as "/host" in a container
// that sees the host's files there; "": "/"), else usr/lib/os-release. Links on the way are followed within
// root, as if it were the root directory. Without either file the texts of
// os-release are empty, which is no error.
func ReadHost(root string) (Host, error) {
	host, err := uname()
	if err != nil {
		return Host{}, err
	}
	for _, name := range []string{"etc/os-release", "usr/lib/os-release"} {
		text, err := readUnder(root, name)
		if err == nil {
			host.ParseOSRelease(text)
			break
		}
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			return Host{}, err
		}
	}
	return host, nil
}
