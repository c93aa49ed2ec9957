package btfbatchfind

import "strings"

// What a host's keys are. This is btfbatch_find.c's section of that name.

const (
	maxNames      = 24
	maxNameLength = 127
)

// names are in the order of trying, no two the same; what is too much or too long is left out.
type names []string

func contains(list []string, text string) bool {
	for _, one := range list {
		if one == text {
			return true
		}
	}
	return false
}

func hasCommon(a, b names) bool {
	for _, one := range a {
		if contains(b, one) {
			return true
		}
	}
	return false
}

func (n *names) add(text string) {
	if len(*n) == maxNames || text == "" || len(text) > maxNameLength || text[0] == '.' ||
		text == "*" || strings.Contains(text, "/") || contains(*n, text) {
		return
	}
	*n = append(*n, text)
}

func (n *names) addWords(words string) {
	for _, word := range strings.FieldsFunc(words, func(c rune) bool { return c == ' ' || c == '\t' }) {
		n.add(word)
	}
}

func (n *names) addDistro(id string) {
	for _, alias := range distroAliases {
		if alias.id == id {
			n.addWords(alias.distros)
			return
		}
	}
	n.add(id)
}

// addVersion adds, for "8.4.2", "8.4.2", "8.4" and "8".
func (n *names) addVersion(version string) {
	for version != "" {
		n.add(version)
		version = version[:max(0, strings.LastIndexByte(version, '.'))]
	}
}

func max(a, b int) int {
	if a > b {
		return a
	}
	return b
}

// addCodenames adds, for each release of the distros that is there, the other name of it.
func (n *names) addCodenames(distros names) {
	for i := 0; i < len(*n); i++ {
		for _, name := range codenames {
			if !contains(distros, name.distro) {
				continue
			}
			if (*n)[i] == name.codename {
				n.addVersion(name.number)
			}
			if (*n)[i] == name.number {
				n.add(name.codename)
			}
		}
	}
}

func digitsAt(text string) int {
	count := 0
	for count < len(text) && text[count] >= '0' && text[count] <= '9' {
		count++
	}
	return count
}

// hasEnding tells whether the end of the kernel release, from a '-', is one of the endings.
func hasEnding(kernel, endings string) bool {
	for _, ending := range strings.Fields(endings) {
		if strings.HasSuffix(kernel, ending) {
			return true
		}
	}
	return false
}

func isUbuntu(kernel, flavors string) bool {
	for part := 0; part < 2; part++ {
		kernel = kernel[digitsAt(kernel):]
		if !strings.HasPrefix(kernel, ".") {
			return false
		}
		kernel = kernel[1:]
	}
	if !strings.HasPrefix(kernel, "0-") {
		return false
	}
	kernel = kernel[2:]
	kernel = kernel[digitsAt(kernel):]
	if !strings.HasPrefix(kernel, "-") {
		return false
	}
	flavor, _, _ := strings.Cut(kernel[1:], "-")
	return contains(strings.Fields(flavors), flavor)
}

// isBorneBy tells whether the kernel release bears the mark; the releases it tells are added.
func (m *mark) isBorneBy(kernel string, releases *names) bool {
	switch m.kind {
	case markNumbered:
		for at := strings.Index(kernel, m.text); at >= 0; {
			if version, ok := m.versionAt(kernel[at+len(m.text):]); ok {
				releases.addVersion(version)
				return true
			}
			next := strings.Index(kernel[at+1:], m.text)
			if next < 0 {
				break
			}
			at += 1 + next
		}
	case markContained:
		return strings.Contains(kernel, m.text)
	case markUbuntuFlavor:
		return isUbuntu(kernel, m.text)
	case markEnding:
		return hasEnding(kernel, m.text)
	case markSuseEnding:
		if !hasEnding(kernel, m.text) {
			return false
		}
		_, pack, _ := strings.Cut(kernel, "-")
		if digitsAt(pack) == 6 && pack[:2] == "15" && pack[4:6] == "00" {
			releases.add("15." + strings.TrimPrefix(pack[2:3], "0") + pack[3:4])
		}
		return true
	}
	return false
}

// versionAt reads "8" or, for "8_4", "8.4", with the mark's `after` behind.
func (m *mark) versionAt(text string) (string, bool) {
	length := digitsAt(text)
	if length == 0 || length > 12 {
		return "", false
	}
	version := text[:length]
	text = text[length:]
	if strings.HasPrefix(text, "_") && digitsAt(text[1:]) > 0 {
		minor := digitsAt(text[1:])
		if minor > 12 {
			return "", false
		}
		version += "." + text[1:1+minor]
		text = text[1+minor:]
	}
	return version, strings.HasPrefix(text, m.after)
}

// readMarks tells the distros and releases that the kernel release names; nil for none.
func readMarks(kernel string) (found *mark, distros, releases names) {
	for i := range marks {
		if marks[i].isBorneBy(kernel, &releases) {
			distros.addWords(marks[i].distros)
			releases.addCodenames(distros)
			return &marks[i], distros, releases
		}
	}
	return nil, nil, nil
}

func readOSRelease(host *Host) (distros, releases names) {
	distros.addDistro(host.ID)
	for _, word := range strings.Fields(host.IDLike) {
		distros.addDistro(word)
	}
	releases.addVersion(host.VersionID)
	releases.add(host.VersionCodename)
	releases.add(host.UbuntuCodename)
	releases.addCodenames(distros)
	return distros, releases
}

func readMachine(machine string) (archs names) {
	for _, spellings := range archSpellings {
		if contains(strings.Fields(spellings.machines), machine) {
			archs.addWords(spellings.folders)
			return archs
		}
	}
	archs.add(machine)
	return archs
}

// readKernel tells the kernel release as it is, and without the arch at its end.
func readKernel(kernel string, archs names) (kernels names) {
	kernels.add(kernel)
	if dot := strings.LastIndexByte(kernel, '.'); dot >= 0 && contains(archs, kernel[dot+1:]) {
		kernels.add(kernel[:dot])
	}
	return kernels
}

// hasBuildCounter tells whether name is the kernel release with SUSE's build counter before the flavor.
func hasBuildCounter(name, kernel string) bool {
	dash := strings.LastIndexByte(kernel, '-')
	if dash <= 0 || !strings.HasPrefix(name, kernel[:dash]+".") {
		return false
	}
	rest := name[dash+1:]
	digits := digitsAt(rest)
	return digits > 0 && digits <= 2 && rest[digits:] == kernel[dash:]
}

// compareVersions compares runs of digits as numbers, the rest as text.
func compareVersions(a, b string) int {
	for a != "" && b != "" {
		if digitsAt(a) > 0 && digitsAt(b) > 0 {
			one := strings.TrimLeft(a[:digitsAt(a)], "0")
			other := strings.TrimLeft(b[:digitsAt(b)], "0")
			if len(one) != len(other) {
				return len(one) - len(other)
			}
			if order := strings.Compare(one, other); order != 0 {
				return order
			}
			a, b = a[digitsAt(a):], b[digitsAt(b):]
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

// seriesOf gives major and minor version, and the flavor: all from the first letter on.
func seriesOf(kernel string) (version, flavor string) {
	major := digitsAt(kernel)
	if !strings.HasPrefix(kernel[major:], ".") {
		return "", ""
	}
	version = kernel[:major+1+digitsAt(kernel[major+1:])]
	letter := strings.IndexFunc(kernel, func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	})
	if letter >= 0 {
		flavor = kernel[letter:]
	}
	return version, flavor
}
