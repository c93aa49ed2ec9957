// Package btfbatchfind finds the BTF of a host's kernel in what btfbatch wrote: a .btfs file, a tree of
// files, or the layout "indexed", in memory, embedded (embed.FS) or on disk.
//
//	//go:embed all:btfs
//	var btfs embed.FS
//
//	tree, err := fs.Sub(btfs, "btfs")
//	archive, err := btfbatchfind.OpenFS(tree)
//	host, err := btfbatchfind.ReadHost("")
//	found, err := archive.Find(host, btfbatchfind.Options{})
//	spec, err := btf.LoadSpecFromReader(bytes.NewReader(found.BTF)) // cilium/ebpf
//
// It follows the rules of the C library, core/find/btfbatch_find.h, which tells them in full; both pass
// the same table of hosts, tests/data/hosts.txt. It uses the standard library alone, so it does not read
// compressed .btfs files: btfbatch makes stored ones of them.
package btfbatchfind
