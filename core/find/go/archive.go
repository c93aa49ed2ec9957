package btfbatchfind

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"
)

// What Open says of a file that it does not read.
var (
	ErrNotBtfs    = errors.New("not a .btfs file")
	ErrTooNew     = errors.New("a .btfs file of a newer version of btfbatch")
	ErrCompressed = errors.New("the .btfs file is compressed; btfbatch makes a stored one, which can " +
		"be read in place (--btfs-compression stored)")
	ErrDamaged = errors.New("the .btfs file is damaged")
)

// Kernel is who a kernel of an archive is; what the archive does not tell is empty.
type Kernel struct {
	Distro, Release, Arch, KernelRelease string
}

// String gives "distro/release/arch/kernel release".
func (k Kernel) String() string {
	return k.Distro + "/" + k.Release + "/" + k.Arch + "/" + k.KernelRelease
}

// Archive is a set of kernels and their BTF. It may be used from several goroutines at once.
type Archive struct {
	kernels     []entry // sorted by Kernel
	fingerprint [16]byte
	fsys        fs.FS // of a tree
}

type entry struct {
	Kernel
	btf  []byte // in a .btfs file
	path string // in a tree
	blob string // the same for the same BTF, where that is known; "" where it is not
}

// Kernels lists the kernels, sorted by distro, release, arch and kernel release.
func (a *Archive) Kernels() []Kernel {
	kernels := make([]Kernel, len(a.kernels))
	for i, kernel := range a.kernels {
		kernels[i] = kernel.Kernel
	}
	return kernels
}

// Fingerprint is that of the object set, from a .btfs file; zeros where it is not known.
func (a *Archive) Fingerprint() [16]byte { return a.fingerprint }

// maxFiles bounds what OpenFS reads of a tree that leads in circles.
const (
	maxDepth = 6
	maxFiles = 4 << 20
)

// OpenFS reads the names of all kernels in a tree as btfbatch writes it: distro/release/arch/KERNEL.btf,
// or flatter, or, where there is an index.json, the layout "indexed". BTFs are read when they are found.
func OpenFS(fsys fs.FS) (*Archive, error) {
	archive := &Archive{fsys: fsys}
	text, err := fs.ReadFile(fsys, "index.json")
	switch {
	case err == nil:
		err = archive.readIndex(text)
	case errors.Is(err, fs.ErrNotExist):
		err = archive.readTree()
	}
	if err != nil {
		return nil, err
	}
	sort.SliceStable(archive.kernels, func(i, j int) bool {
		return less(archive.kernels[i].Kernel, archive.kernels[j].Kernel)
	})
	return archive, nil
}

func less(a, b Kernel) bool {
	if a.Distro != b.Distro {
		return a.Distro < b.Distro
	}
	if a.Release != b.Release {
		return a.Release < b.Release
	}
	if a.Arch != b.Arch {
		return a.Arch < b.Arch
	}
	return a.KernelRelease < b.KernelRelease
}

func (a *Archive) readTree() error {
	type folder struct {
		path  string
		depth int
	}
	files := 0
	pending := []folder{{".", 0}}
	for len(pending) > 0 {
		at := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		entries, err := fs.ReadDir(a.fsys, at.path)
		if err != nil {
			return err
		}
		for _, one := range entries {
			name := path.Join(at.path, one.Name())
			if files++; files > maxFiles {
				return fmt.Errorf("%s: there are too many files", at.path)
			}
			if strings.HasPrefix(one.Name(), ".") {
				continue
			}
			isBTF := strings.HasSuffix(name, ".btf") && len(one.Name()) > len(".btf")
			info, err := fs.Stat(a.fsys, name) // follows links
			if err != nil {
				continue
			}
			if info.IsDir() && !isBTF && at.depth+1 < maxDepth {
				pending = append(pending, folder{name, at.depth + 1})
			}
			if info.Mode().IsRegular() && info.Size() > 0 && isBTF {
				a.kernels = append(a.kernels, entry{Kernel: identify(name), path: name})
			}
		}
	}
	return nil
}

func (a *Archive) readIndex(text []byte) error {
	var index struct {
		FormatVersion int `json:"format_version"`
		Kernels       []struct {
			Path, Distro, Release, Arch, Kernel, Blob string
		}
		Aliases []struct {
			Path, Target string
			IsDirectory  bool `json:"is_directory"`
		}
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return fmt.Errorf("index.json: %w", err)
	}
	if index.FormatVersion != 1 {
		return fmt.Errorf("index.json: format version %d is not known", index.FormatVersion)
	}
	for _, kernel := range index.Kernels {
		if !fs.ValidPath(kernel.Blob) {
			return fmt.Errorf("index.json: '%s' is no path within the tree", kernel.Blob)
		}
		named := Kernel{kernel.Distro, kernel.Release, kernel.Arch, kernel.Kernel}
		a.kernels = append(a.kernels, entry{Kernel: named, path: kernel.Blob, blob: kernel.Blob})
		for _, alias := range index.Aliases {
			rest := strings.TrimPrefix(kernel.Path, alias.Target)
			if rest == kernel.Path || (alias.IsDirectory != strings.HasPrefix(rest, "/")) ||
				(!alias.IsDirectory && rest != "") {
				continue
			}
			a.kernels = append(a.kernels, entry{
				Kernel: identify(alias.Path + rest), path: kernel.Blob, blob: kernel.Blob})
		}
	}
	return nil
}

// archNames is what is an arch when it stands in a path; the same as core/kernel_identity.cpp has.
var archNames = strings.Fields("x86_64 amd64 arm64 aarch64 i386 i686 x86 arm armhf armel armv7l ppc64le " +
	"ppc64el ppc64 powerpc s390x s390 riscv64 mips mipsel mips64 mips64el loong64 loongarch64")

// identify tells who the file at a path is; the rule is that of core/kernel_identity.cpp.
func identify(name string) Kernel {
	parts := strings.Split(name, "/")
	folders := parts[:len(parts)-1]
	release := strings.TrimPrefix(strings.TrimSuffix(parts[len(parts)-1], ".btf"), "vmlinux-")
	kernel := Kernel{KernelRelease: release}
	arch := len(folders) - 1
	for arch >= 0 && !contains(archNames, folders[arch]) {
		arch--
	}
	if arch >= 0 {
		kernel.Arch = folders[arch]
		if arch > 0 {
			kernel.Release = folders[arch-1]
		}
		if arch > 1 {
			kernel.Distro = folders[arch-2]
		}
	} else {
		for _, one := range archNames {
			before := strings.TrimSuffix(release, one)
			if before != release && before != "" && strings.ContainsAny(before[len(before)-1:], ".-_") {
				kernel.Arch = one
				break
			}
		}
		if len(folders) > 0 {
			kernel.Distro = folders[0]
		}
		if len(folders) > 1 {
			kernel.Release = folders[1]
		}
	}
	if release == "vmlinux" {
		kernel.KernelRelease = ""
		if len(folders) > 2 && !contains(archNames, folders[len(folders)-1]) {
			kernel.KernelRelease = folders[len(folders)-1]
		}
	}
	return kernel
}

func (a *Archive) read(kernel *entry) ([]byte, error) {
	if kernel.path == "" {
		return kernel.btf, nil
	}
	return fs.ReadFile(a.fsys, kernel.path)
}

func (a *Archive) sameBTF(x, y *entry) (bool, error) {
	if x.blob != "" && y.blob != "" {
		return x.blob == y.blob, nil
	}
	one, err := a.read(x)
	if err != nil {
		return false, err
	}
	other, err := a.read(y)
	return bytes.Equal(one, other), err
}
