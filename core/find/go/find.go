package btfbatchfind

import (
	"errors"
	"sort"
	"strings"
)

// How tells by what a kernel was found; see enum btfbatch_how.
type How string

const (
	ByOSRelease     How = "os-release"
	ByKernelRelease How = "kernel-release"
	ByDistro        How = "distro"
	ByKernelAlone   How = "kernel-alone"
	ByNeighbors     How = "neighbors" // another kernel's: see Options.Nearest
)

// Trial is one key that was tried, "*" standing for any; or, with IsRemark, a remark on what comes next.
type Trial struct {
	Key      Kernel
	IsRemark bool
	Hit      bool
	Why      string
}

// Options of Find; the zero value is fine.
type Options struct {
	// Nearest: where the very kernel is not there, take the BTF of the next older and the next newer one
	// of the same series, if both have the same.
	Nearest bool
	// Explain is called for each trial, in order.
	Explain func(Trial)
}

// Result is what was found.
type Result struct {
	Kernel Kernel // whose BTF it is; by neighbors: the older one
	How    How
	Newer  string // by neighbors: the newer one's kernel release
	BTF    []byte // of a .btfs file: a part of it, not to be changed
	Path   string // in a tree: the file's
}

// ErrNotFound: no BTF for this host.
var ErrNotFound = errors.New("no BTF for this kernel")

// ErrInvalid: the host has no machine or no kernel release, or they make no sense.
var ErrInvalid = errors.New("the host needs a machine and a kernel release")

// AmbiguousError: several kernels fit the host alike, their BTFs differ, and nothing says which is right.
type AmbiguousError struct {
	Choices []Kernel // sorted
}

func (e *AmbiguousError) Error() string {
	text := "several kernels fit, with different BTF, and nothing says which is right:"
	for _, choice := range e.Choices {
		text += " " + choice.String()
	}
	return text
}

type search struct {
	archive *Archive
	options Options
	kernel  string
	archs   names
	kernels names
	mark    *mark
}

// errMiss: go on with the next step.
var errMiss = errors.New("not in the archive")

func (s *search) remark(why string) {
	if s.options.Explain != nil {
		s.options.Explain(Trial{IsRemark: true, Why: why})
	}
}

func (s *search) explain(key Kernel, hit bool, why string) {
	if s.options.Explain != nil {
		s.options.Explain(Trial{Key: key, Hit: hit, Why: why})
	}
}

// thereOr words a trial.
func thereOr(hit bool) string {
	if hit {
		return "there"
	}
	return "not in the archive"
}

func (s *search) probe(key Kernel) *entry {
	kernels := s.archive.kernels
	i := sort.Search(len(kernels), func(i int) bool { return !less(kernels[i].Kernel, key) })
	if i < len(kernels) && kernels[i].Kernel == key {
		return &kernels[i]
	}
	return nil
}

// isThere tells whether a distro, or a release of it (anything: any), has kernels here at all.
func (s *search) isThere(distro, release string) bool {
	first := Kernel{Distro: distro}
	if release != anything {
		first.Release = release
	}
	kernels := s.archive.kernels
	i := sort.Search(len(kernels), func(i int) bool { return !less(kernels[i].Kernel, first) })
	return i < len(kernels) && kernels[i].Distro == distro &&
		(release == anything || kernels[i].Release == release)
}

// knows says once, instead of for each key, what is not there at all.
func (s *search) knows(distro, release string) bool {
	if s.isThere(distro, release) {
		return true
	}
	why := "the archive has no such release"
	if release == anything {
		why = "the archive has no such distro"
	}
	s.explain(Kernel{distro, release, anything, anything}, false, why)
	return false
}

// collection has, of several that fit, those that fit best; they should all have one BTF.
type collection struct {
	rank    int
	kernels []*entry
}

func (c *collection) add(kernel *entry, rank int) {
	if len(c.kernels) > 0 && rank > c.rank {
		return
	}
	if len(c.kernels) == 0 || rank < c.rank {
		c.rank = rank
		c.kernels = nil
	}
	c.kernels = append(c.kernels, kernel)
}

func (s *search) settle(all *collection, how How) (*Result, error) {
	if len(all.kernels) == 0 {
		return nil, errMiss
	}
	sort.SliceStable(all.kernels, func(i, j int) bool {
		return less(all.kernels[i].Kernel, all.kernels[j].Kernel)
	})
	for _, other := range all.kernels[1:] {
		same, err := s.archive.sameBTF(all.kernels[0], other)
		if err != nil {
			return nil, err
		}
		if !same {
			s.remark("refused: these have different BTF, and nothing says which is right")
			refused := &AmbiguousError{}
			for _, kernel := range all.kernels {
				refused.Choices = append(refused.Choices, kernel.Kernel)
			}
			return nil, refused
		}
	}
	return s.succeed(all.kernels[0], how)
}

func (s *search) succeed(kernel *entry, how How) (*Result, error) {
	btf, err := s.archive.read(kernel)
	if err != nil {
		return nil, err
	}
	return &Result{Kernel: kernel.Kernel, How: how, BTF: btf, Path: kernel.path}, nil
}

// A fit tells how well a kernel of the archive fits, 0 the best; below 0, not at all.
type fit func(kernel *entry) int

func (s *search) fitsArch(kernel *entry) bool {
	return kernel.Arch == "" || contains(s.archs, kernel.Arch)
}

func (s *search) isSuse() bool { return s.mark != nil && s.mark.kind == markSuseEnding }

func (s *search) fitCounter(kernel *entry) int {
	if s.fitsArch(kernel) && s.isSuse() && hasBuildCounter(kernel.KernelRelease, s.kernel) {
		return 2
	}
	return -1
}

func (s *search) fitKernel(kernel *entry) int {
	if !s.fitsArch(kernel) {
		return -1
	}
	for rank, name := range s.kernels {
		if kernel.KernelRelease == name {
			return rank
		}
	}
	return s.fitCounter(kernel)
}

const anything = "*"

// visit calls use for all kernels of the distro and release (anything: any) that fit.
func (s *search) visit(distro, release string, fits fit, use func(kernel *entry, rank int)) {
	for i := range s.archive.kernels {
		kernel := &s.archive.kernels[i]
		if (distro != anything && kernel.Distro != distro) ||
			(release != anything && kernel.Release != release) {
			continue
		}
		rank := fits(kernel)
		if rank < 0 {
			continue
		}
		if kernel.Arch == "" {
			rank += 4
		}
		if kernel.Release == "" {
			rank += 8
		}
		if kernel.Distro == "" {
			rank += 16
		}
		use(kernel, rank)
	}
}

// tryPair tries one distro and release: each arch, then no arch, each spelling of the kernel release;
// then SUSE's build counters.
func (s *search) tryPair(distro, release string, all *collection) (isHit bool) {
	if !s.knows(distro, release) {
		return false
	}
	for _, arch := range append(append(names{}, s.archs...), "") {
		for _, kernel := range s.kernels {
			key := Kernel{distro, release, arch, kernel}
			found := s.probe(key)
			s.explain(key, found != nil, thereOr(found != nil))
			if found != nil {
				all.add(found, 0)
				return true
			}
		}
	}
	if !s.isSuse() {
		return false
	}
	s.visit(distro, release, s.fitCounter, func(kernel *entry, rank int) {
		isHit = true
		all.add(kernel, rank)
	})
	why := "nor with a build counter"
	if isHit {
		why = "there with a build counter"
	}
	s.explain(Kernel{distro, release, anything, s.kernel}, isHit, why)
	return isHit
}

// tryInOrder takes the first that matches.
func (s *search) tryInOrder(distros, releases names, how How) (*Result, error) {
	for _, distro := range distros {
		if !s.knows(distro, anything) {
			continue
		}
		for _, release := range releases {
			all := &collection{}
			s.tryPair(distro, release, all)
			if result, err := s.settle(all, how); err != errMiss {
				return result, err
			}
		}
	}
	return nil, errMiss
}

// tryAll wants all that match to have one BTF.
func (s *search) tryAll(distros, releases names, how How) (*Result, error) {
	all := &collection{}
	for _, distro := range distros {
		if !s.knows(distro, anything) {
			continue
		}
		for _, release := range releases {
			if s.tryPair(distro, release, all) {
				break
			}
		}
	}
	return s.settle(all, how)
}

// tryAnyRelease takes all releases of the distros, of which "*" is any.
func (s *search) tryAnyRelease(distros names, how How) (*Result, error) {
	all := &collection{}
	for _, distro := range distros {
		hit := false
		if distro != anything && !s.isThere(distro, anything) {
			continue // has been said
		}
		s.visit(distro, anything, s.fitKernel, func(kernel *entry, rank int) {
			hit = true
			all.add(kernel, rank)
		})
		s.explain(Kernel{distro, anything, anything, s.kernel}, hit, thereOr(hit))
	}
	return s.settle(all, how)
}

func (s *search) tryNeighbors(distros, releases names) (*Result, error) {
	version, flavor := seriesOf(s.kernel)
	inSeries := func(kernel *entry) int {
		itsVersion, itsFlavor := seriesOf(kernel.KernelRelease)
		if version != "" && contains(s.archs, kernel.Arch) && itsVersion == version &&
			itsFlavor == flavor {
			return 0
		}
		return -1
	}
	for _, distro := range distros {
		for _, release := range releases {
			if !s.isThere(distro, release) {
				continue
			}
			var older, newer *entry
			s.visit(distro, release, inSeries, func(kernel *entry, _ int) {
				name := kernel.KernelRelease
				side := compareVersions(name, s.kernel)
				if side < 0 && (older == nil || compareVersions(name, older.KernelRelease) > 0) {
					older = kernel
				}
				if side > 0 && (newer == nil || compareVersions(name, newer.KernelRelease) < 0) {
					newer = kernel
				}
			})
			hit := false
			why := "no two kernels of this series, one older and one newer"
			if older != nil && newer != nil {
				same, err := s.archive.sameBTF(older, newer)
				if err != nil {
					return nil, err
				}
				hit = same && older.Arch == newer.Arch
				why = "the kernels of this series next to it, older and newer, have different BTF"
				if hit {
					why = "the kernels of this series next to it, older and newer, have the same BTF"
				}
			}
			s.explain(Kernel{distro, release, anything, s.kernel}, hit, why)
			if hit {
				result, err := s.succeed(older, ByNeighbors)
				if err == nil {
					result.Newer = newer.KernelRelease
				}
				return result, err
			}
		}
	}
	return nil, errMiss
}

// Find finds the host's BTF. The steps are those of btfbatch_find(), which its header tells. The error is
// ErrNotFound, an *AmbiguousError, ErrInvalid, or what reading a file of a tree gave.
func (a *Archive) Find(host Host, options Options) (*Result, error) {
	s := &search{archive: a, options: options, kernel: host.KernelRelease}
	s.archs = readMachine(host.Machine)
	s.kernels = readKernel(host.KernelRelease, s.archs)
	if len(s.archs) == 0 || len(s.kernels) == 0 {
		return nil, ErrInvalid
	}
	result, err := s.run(&host)
	if err == errMiss {
		err = ErrNotFound
	}
	return result, err
}

func (s *search) run(host *Host) (*Result, error) {
	osDistros, osReleases := readOSRelease(host)
	mark, kernelDistros, kernelReleases := readMarks(host.KernelRelease)
	s.mark = mark
	isContradicted := len(kernelDistros) > 0 && !hasCommon(osDistros, kernelDistros)
	hasOtherRelease := !isContradicted && len(kernelReleases) > 0 && len(osReleases) > 0 &&
		!hasCommon(osReleases, kernelReleases)
	var result *Result
	err := errMiss

	if isContradicted {
		if len(osDistros) > 0 {
			s.remark("the kernel release names another distro than os-release, which is a " +
				"container's then: first what the kernel release says")
		} else {
			s.remark("nothing is known from os-release: what the kernel release says")
		}
		result, err = s.tryAll(kernelDistros, kernelReleases, ByKernelRelease)
		if err == errMiss {
			result, err = s.tryAnyRelease(kernelDistros, ByKernelRelease)
		}
	} else if hasOtherRelease {
		s.remark("the kernel release names another release of the distro than os-release, which " +
			"may be a container's: first what the kernel release says")
		result, err = s.tryInOrder(osDistros, kernelReleases, ByKernelRelease)
	} else {
		for _, release := range kernelReleases {
			osReleases.add(release)
		}
	}
	if err == errMiss && len(osDistros) > 0 {
		s.remark("what os-release says")
		result, err = s.tryInOrder(osDistros, osReleases, ByOSRelease)
	}
	if err == errMiss && len(osDistros) > 0 {
		s.remark("the same distros, any release")
		result, err = s.tryAnyRelease(osDistros, ByDistro)
	}
	isBare := strings.Trim(s.kernel, "0123456789.") == ""
	if err == errMiss && (!isBare || len(osDistros) == 0) {
		s.remark("any distro")
		result, err = s.tryAnyRelease(names{anything}, ByKernelAlone)
	} else if err == errMiss {
		s.remark("not tried under other distros: the kernel release is a bare version")
	}
	if err == errMiss && s.options.Nearest {
		s.remark("its neighbors, as asked")
		result, err = s.tryNeighbors(kernelDistros, kernelReleases)
		if err == errMiss {
			result, err = s.tryNeighbors(osDistros, osReleases)
		}
	}
	return result, err
}
