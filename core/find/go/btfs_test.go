package btfbatchfind

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sort"
	"testing"
)

// writeBtfs writes a stored .btfs file, from the words of btfbatch_find.h alone: whether those words are
// enough is tested thereby. It takes wide numbers where btfbatch's writer takes the narrowest.
func writeBtfs(contents map[Kernel]string) []byte {
	number := binary.LittleEndian
	var kernels []Kernel
	var strings, blobs []string
	for kernel, content := range contents {
		kernels = append(kernels, kernel)
		blobs = append(blobs, content)
		strings = append(strings, kernel.Distro, kernel.Release, kernel.Arch, kernel.KernelRelease)
	}
	sort.Slice(kernels, func(i, j int) bool { return less(kernels[i], kernels[j]) })
	strings, stringNumber := numbered(strings)
	blobs, blobNumber := numbered(blobs)

	stringSection := append(number.AppendUint32(nil, uint32(len(strings))), 4, 0, 0, 0)
	offset := 0
	for _, text := range strings {
		stringSection = number.AppendUint32(stringSection, uint32(offset))
		offset += len(text) + 1
	}
	stringSection = number.AppendUint32(stringSection, uint32(offset))
	for _, text := range strings {
		stringSection = append(append(stringSection, text...), 0)
	}
	kernelSection := append(number.AppendUint32(nil, uint32(len(kernels))), 2, 4, 0, 0)
	for _, column := range []func(k Kernel) string{
		func(k Kernel) string { return k.Distro }, func(k Kernel) string { return k.Release },
		func(k Kernel) string { return k.Arch }, func(k Kernel) string { return k.KernelRelease }} {
		for _, kernel := range kernels {
			kernelSection = number.AppendUint16(kernelSection, uint16(stringNumber[column(kernel)]))
		}
	}
	for _, kernel := range kernels {
		kernelSection = number.AppendUint32(kernelSection, uint32(blobNumber[contents[kernel]]))
	}
	blobTable := append(number.AppendUint32(nil, uint32(len(blobs))), 2, 0, 0, 0)
	var blobSection, padding []byte
	for _, blob := range blobs {
		blobTable = number.AppendUint16(blobTable, uint16(len(blobSection)/8))
		blobSection = append(blobSection, blob...)
		padding = append(padding, byte(-len(blobSection)&7))
		blobSection = pad(blobSection)
	}
	blobTable = append(number.AppendUint16(blobTable, uint16(len(blobSection)/8)), padding...)

	sections := [][]byte{stringSection, kernelSection, blobTable, blobSection}
	var table, payload []byte
	at := 24 * len(sections)
	for i, section := range sections {
		table = number.AppendUint32(table, uint32(i+1))
		table = number.AppendUint32(table, 0)
		table = number.AppendUint64(table, uint64(at+len(payload)))
		table = number.AppendUint64(table, uint64(len(section)))
		payload = pad(append(payload, section...))
	}
	file := make([]byte, 72)
	copy(file, "\x89BTFS\r\n\x1a")
	number.PutUint16(file[8:], 1)
	number.PutUint32(file[12:], 72)
	number.PutUint64(file[16:], uint64(72+len(table)+len(payload)))
	number.PutUint64(file[24:], uint64(len(table)+len(payload)))
	number.PutUint32(file[36:], uint32(len(sections)))
	return seal(append(append(file, table...), payload...))
}

func pad(bytes []byte) []byte { return append(bytes, make([]byte, -len(bytes)&7)...) }

func seal(file []byte) []byte {
	binary.LittleEndian.PutUint64(file[56:], checksum(file))
	return file
}

// numbered sorts the texts, drops what is there twice, and tells the number of each.
func numbered(texts []string) ([]string, map[string]int) {
	sort.Strings(texts)
	var unique []string
	numbers := map[string]int{}
	for _, text := range texts {
		if _, known := numbers[text]; !known {
			numbers[text] = len(unique)
			unique = append(unique, text)
		}
	}
	return unique, numbers
}

// The same file as in tests/core/find/btfs_writer_test.cpp, which btfbatch's writer writes.
func golden(t *testing.T) []byte {
	file, err := os.ReadFile("../../../tests/data/golden.btfs")
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestOpenReadsWhatBtfbatchWrites(t *testing.T) {
	archive, err := Open(golden(t))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"///5.10.0 sixteen bytes...", "debian/12/arm64/6.1.0-10-arm64 ",
		"debian/12/arm64/6.1.0-9-arm64 own", "ubuntu/20.04/x86_64/5.4.0-100-generic shared by two",
		"ubuntu/20.04/x86_64/5.4.0-58-generic shared by two"}
	if len(archive.kernels) != len(want) {
		t.Fatalf("got %v", archive.Kernels())
	}
	for i, kernel := range archive.kernels {
		if got := kernel.String() + " " + string(kernel.btf); got != want[i] {
			t.Errorf("got %q, not %q", got, want[i])
		}
	}
	if got := fmt.Sprintf("%x", archive.Fingerprint()); got != "00112233445566778899aabbccddeeff" {
		t.Errorf("got the fingerprint %s", got)
	}
}

func TestOpenRefusesEveryTruncationAndEveryChangedByte(t *testing.T) {
	file := golden(t)
	for at := range file {
		if _, err := Open(file[:at]); err == nil {
			t.Errorf("%d bytes: no error", at)
		}
		changed := append([]byte(nil), file...)
		changed[at] ^= 4
		if _, err := Open(changed); err == nil {
			t.Errorf("byte %d changed: no error", at)
		}
	}
	if _, err := Open(append(append([]byte(nil), file...), 0)); !errors.Is(err, ErrDamaged) {
		t.Errorf("a byte more: got %v", err)
	}
}

// With the checksum made right again, the rest of the checks has to hold: no panic.
func TestOpenSurvivesEveryByteWithARightChecksum(t *testing.T) {
	file := golden(t)
	for at := range file {
		for value := 0; value < 256; value++ {
			changed := append([]byte(nil), file...)
			changed[at] = byte(value)
			archive, err := Open(seal(changed))
			if err != nil {
				continue
			}
			_, _ = archive.Find(Host{ID: "ubuntu", VersionID: "20.04", Machine: "x86_64",
				KernelRelease: "5.4.0-99-generic"}, Options{Nearest: true})
		}
	}
}

func TestOpenTellsACompressedFileAndANewerOne(t *testing.T) {
	for _, c := range []struct {
		at   int
		want error
	}{{32, ErrCompressed}, {33, ErrTooNew}, {8, ErrTooNew}, {0, ErrNotBtfs}, {16, ErrDamaged}} {
		file := golden(t)
		file[c.at] ^= 1
		if c.at == 8 {
			file[c.at] = 2
		}
		if _, err := Open(seal(file)); !errors.Is(err, c.want) {
			t.Errorf("byte %d: got %v, not %v", c.at, err, c.want)
		}
	}
}
