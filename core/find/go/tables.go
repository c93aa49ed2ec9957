package btfbatchfind

// The tables of aliases: the same, line by line, as in core/find/btfbatch_find.c, which explains them.
// tables_test.go holds one to the other.

var archSpellings = []struct{ machines, folders string }{
	{"x86_64 amd64", "x86_64 amd64"},
	{"aarch64 arm64 armv8l", "arm64 aarch64"},
	{"i386 i486 i586 i686 x86", "i386 i686 x86"},
	{"armv6l armv7l arm armhf armel", "arm armhf armel armv7l"},
	{"ppc64le ppc64el", "ppc64le ppc64el"},
	{"loongarch64 loong64", "loongarch64 loong64"},
}

var distroAliases = []struct{ id, distros string }{
	{"rhel", "rhel redhat centos ol oracle"},
	{"centos", "centos rhel redhat ol oracle"},
	{"ol", "ol oracle rhel redhat centos"},
	{"rocky", "rocky rhel redhat centos almalinux ol oracle"},
	{"almalinux", "almalinux rhel redhat centos rocky ol oracle"},
	{"amzn", "amzn amazon"},
	{"sles", "sles suse opensuse-leap"},
	{"sled", "sled sles suse opensuse-leap"},
	{"sles_sap", "sles_sap sles suse opensuse-leap"},
	{"sle_hpc", "sle_hpc sles suse opensuse-leap"},
	{"opensuse-leap", "opensuse-leap opensuse sles"},
	{"opensuse", "opensuse opensuse-leap sles"},
	{"opensuse-tumbleweed", "opensuse-tumbleweed opensuse"},
}

var codenames = []struct{ distro, number, codename string }{
	{"ubuntu", "14.04", "trusty"},
	{"ubuntu", "14.10", "utopic"},
	{"ubuntu", "15.04", "vivid"},
	{"ubuntu", "15.10", "wily"},
	{"ubuntu", "16.04", "xenial"},
	{"ubuntu", "16.10", "yakkety"},
	{"ubuntu", "17.04", "zesty"},
	{"ubuntu", "17.10", "artful"},
	{"ubuntu", "18.04", "bionic"},
	{"ubuntu", "18.10", "cosmic"},
	{"ubuntu", "19.04", "disco"},
	{"ubuntu", "19.10", "eoan"},
	{"ubuntu", "20.04", "focal"},
	{"ubuntu", "20.10", "groovy"},
	{"ubuntu", "21.04", "hirsute"},
	{"ubuntu", "21.10", "impish"},
	{"ubuntu", "22.04", "jammy"},
	{"ubuntu", "22.10", "kinetic"},
	{"ubuntu", "23.04", "lunar"},
	{"ubuntu", "23.10", "mantic"},
	{"ubuntu", "24.04", "noble"},
	{"ubuntu", "24.10", "oracular"},
	{"ubuntu", "25.04", "plucky"},
	{"ubuntu", "25.10", "questing"},
	{"ubuntu", "26.04", "resolute"},
	{"debian", "7", "wheezy"},
	{"debian", "8", "jessie"},
	{"debian", "9", "stretch"},
	{"debian", "10", "buster"},
	{"debian", "11", "bullseye"},
	{"debian", "12", "bookworm"},
	{"debian", "13", "trixie"},
	{"debian", "14", "forky"},
	{"debian", "15", "duke"},
	{"fedora", "24", "TwentyFour"},
	{"fedora", "25", "TwentyFive"},
	{"fedora", "26", "TwentySix"},
	{"fedora", "27", "TwentySeven"},
	{"fedora", "28", "TwentyEight"},
	{"fedora", "29", "TwentyNine"},
	{"fedora", "30", "Thirty"},
	{"fedora", "31", "ThirtyOne"},
	{"fedora", "32", "ThirtyTwo"},
	{"fedora", "33", "ThirtyThree"},
	{"fedora", "34", "ThirtyFour"},
	{"fedora", "35", "ThirtyFive"},
	{"fedora", "36", "ThirtySix"},
	{"fedora", "37", "ThirtySeven"},
	{"fedora", "38", "ThirtyEight"},
	{"fedora", "39", "ThirtyNine"},
	{"fedora", "40", "Forty"},
	{"fedora", "41", "FortyOne"},
	{"fedora", "42", "FortyTwo"},
	{"fedora", "43", "FortyThree"},
	{"fedora", "44", "FortyFour"},
	{"amzn", "2018.03", "1"},
	{"amzn", "2018", "1"},
	{"amzn", "2017.09", "1"},
	{"amzn", "2017.03", "1"},
}

type markKind int

const (
	markNumbered markKind = iota
	markContained
	markUbuntuFlavor
	markEnding
	markSuseEnding
)

type mark struct {
	kind                 markKind
	text, after, distros string
}

var marks = []mark{
	{markNumbered, ".el", "uek", "ol oracle"},
	{markNumbered, ".el", "", "rhel redhat centos ol oracle rocky almalinux"},
	{markNumbered, ".fc", "", "fedora"},
	{markNumbered, ".amzn", "", "amzn amazon"},
	{markNumbered, ".azl", "", "azurelinux"},
	{markNumbered, ".cm", "", "mariner"},
	{markNumbered, ".ph", "", "photon"},
	{markNumbered, ".an", "", "anolis"},
	{markContained, ".ky", "", "kylin"},
	{markContained, ".bclinux", "", "bclinux"},
	{markContained, ".oe", "", "openEuler openeuler"},
	{markContained, "-flatcar", "", "flatcar"},
	{markContained, "-kali", "", "kali"},
	{markContained, "-arch", "", "arch"},
	{markNumbered, "+deb", "", "debian"},
	{markNumbered, ".deb", "", "debian"},
	{markUbuntuFlavor, "generic lowlatency aws azure gcp gke gkeop oracle kvm ibm oem virtual raspi raspi2 fips nvidia intel realtime snapdragon bluefield euclid xilinx laptop", "", "ubuntu"},
	{markEnding, "-amd64 -arm64 -686 -686-pae -armmp -armmp-lpae -powerpc64le -s390x -riscv64 -loong64", "", "debian"},
	{markSuseEnding, "-default -preempt -azure -kvmsmall -vanilla -longterm", "", "sles opensuse-leap opensuse opensuse-tumbleweed suse"},
}
