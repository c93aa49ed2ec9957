package btfbatchfind

import (
	"hash/crc64"
	"strconv"
)

// The format's numbers; core/find/btfbatch_find.h, beside this folder, owns and explains them.
const (
	magic          = "\x89BTFS\r\n\x1a"
	major          = 1
	headerSize     = 72
	checksumOffset = 56
	stored         = 0
	zstd           = 1

	sectionStrings   = 1
	sectionKernels   = 2
	sectionBlobTable = 3
	sectionBlobs     = 4
)

var crcTable = crc64.MakeTable(crc64.ECMA)

// reader takes numbers from the front of bytes; past their end, failed is set and all reads as zero.
type reader struct {
	bytes  []byte
	failed bool
}

func (r *reader) take(size uint64) []byte {
	if r.failed || size > uint64(len(r.bytes)) {
		r.failed = true
		return nil
	}
	taken := r.bytes[:size]
	r.bytes = r.bytes[size:]
	return taken
}

func little(bytes []byte) uint64 {
	value := uint64(0)
	for i := len(bytes) - 1; i >= 0; i-- {
		value = value<<8 | uint64(bytes[i])
	}
	return value
}

func (r *reader) number(width uint64) uint64 { return little(r.take(width)) }

func (r *reader) width() uint64 {
	width := r.number(1)
	if width != 1 && width != 2 && width != 4 {
		r.failed = true
	}
	return width
}

// column is a table of numbers of one width.
type column struct {
	bytes []byte
	width uint64
}

func (r *reader) column(count, width uint64) column { return column{r.take(count * width), width} }

func (c column) at(i uint64) uint64 { return little(c.bytes[i*c.width : (i+1)*c.width]) }

// Open reads a .btfs file, which must be stored, not compressed (ErrCompressed). The file is checked as
// a whole; data must not change as long as the Archive is in use, which points into it.
func Open(data []byte) (*Archive, error) {
	if len(data) < len(magic) || string(data[:len(magic)]) != magic {
		return nil, ErrNotBtfs
	}
	header := reader{bytes: data[len(magic):]}
	majorVersion := header.number(2)
	if !header.failed && majorVersion != major {
		return nil, ErrTooNew
	}
	header.number(2)
	size := header.number(4)
	fileSize := header.number(8)
	payloadSize := header.number(8)
	compression := header.number(4)
	sectionCount := header.number(4)
	fingerprint := header.take(16)
	sum := header.number(8)
	header.take(8)
	if header.failed || fileSize != uint64(len(data)) || size < headerSize ||
		size > fileSize || size%8 != 0 || checksum(data) != sum {
		return nil, ErrDamaged
	}
	switch compression {
	case stored:
	case zstd:
		return nil, ErrCompressed
	default:
		return nil, ErrTooNew
	}
	if payloadSize != fileSize-size {
		return nil, ErrDamaged
	}
	sections, ok := readSections(data[size:], sectionCount)
	if !ok {
		return nil, ErrDamaged
	}
	strings, ok := readStrings(sections[sectionStrings])
	if !ok {
		return nil, ErrDamaged
	}
	blobs, ok := readBlobs(sections[sectionBlobTable], sections[sectionBlobs])
	if !ok {
		return nil, ErrDamaged
	}
	archive := &Archive{}
	copy(archive.fingerprint[:], fingerprint)
	if !archive.readKernels(sections[sectionKernels], strings, blobs) {
		return nil, ErrDamaged
	}
	return archive, nil
}

func checksum(data []byte) uint64 {
	crc := crc64.Update(0, crcTable, data[:checksumOffset])
	crc = crc64.Update(crc, crcTable, make([]byte, 8))
	return crc64.Update(crc, crcTable, data[checksumOffset+8:])
}

func readSections(payload []byte, count uint64) (map[uint64][]byte, bool) {
	sections := map[uint64][]byte{}
	table := reader{bytes: payload}
	for i := uint64(0); i < count; i++ {
		kind := table.number(4)
		table.number(4)
		offset := table.number(8)
		size := table.number(8)
		if table.failed {
			return nil, false
		}
		if kind < sectionStrings || kind > sectionBlobs {
			continue
		}
		_, twice := sections[kind]
		if twice || offset%8 != 0 || offset > uint64(len(payload)) ||
			size > uint64(len(payload))-offset {
			return nil, false
		}
		sections[kind] = payload[offset : offset+size]
	}
	return sections, len(sections) == sectionBlobs
}

func readStrings(section []byte) ([]string, bool) {
	table := reader{bytes: section}
	count := table.number(4)
	width := table.width()
	table.take(3)
	offsets := table.column(count+1, width)
	if table.failed || (count > 0 && offsets.at(0) != 0) {
		return nil, false
	}
	strings := make([]string, 0, count)
	for i := uint64(0); i < count; i++ {
		begin, end := offsets.at(i), offsets.at(i+1)
		if end <= begin || end > uint64(len(table.bytes)) || end-begin > 256 ||
			table.bytes[end-1] != 0 {
			return nil, false
		}
		text := string(table.bytes[begin : end-1])
		for _, c := range []byte(text) {
			if c < 0x20 || c == '/' || c == 0x7f {
				return nil, false
			}
		}
		if i > 0 && strings[i-1] >= text {
			return nil, false
		}
		strings = append(strings, text)
	}
	return strings, true
}

func readBlobs(section, bytes []byte) ([][]byte, bool) {
	table := reader{bytes: section}
	count := table.number(4)
	width := table.width()
	table.take(3)
	offsets := table.column(count+1, width)
	padding := table.take(count)
	if table.failed || offsets.at(0) != 0 {
		return nil, false
	}
	blobs := make([][]byte, 0, count)
	for i := uint64(0); i < count; i++ {
		begin, end := offsets.at(i)*8, offsets.at(i+1)*8
		pad := uint64(padding[i])
		if end < begin || end > uint64(len(bytes)) || pad > 7 || pad > end-begin {
			return nil, false
		}
		blobs = append(blobs, bytes[begin:end-pad:end-pad])
	}
	return blobs, true
}

func (a *Archive) readKernels(section []byte, strings []string, blobs [][]byte) bool {
	table := reader{bytes: section}
	count := table.number(4)
	width := table.width()
	blobWidth := table.width()
	table.take(2)
	var columns [4]column
	for i := range columns {
		columns[i] = table.column(count, width)
	}
	blobOf := table.column(count, blobWidth)
	if table.failed {
		return false
	}
	a.kernels = make([]entry, 0, count)
	for row := uint64(0); row < count; row++ {
		ascends := row == 0
		var names [4]string
		for i, column := range columns {
			number := column.at(row)
			if number >= uint64(len(strings)) {
				return false
			}
			if !ascends {
				above := column.at(row - 1)
				if number < above {
					return false
				}
				ascends = number > above
			}
			names[i] = strings[number]
		}
		blob := blobOf.at(row)
		if !ascends || blob >= uint64(len(blobs)) {
			return false
		}
		a.kernels = append(a.kernels, entry{
			Kernel: Kernel{names[0], names[1], names[2], names[3]},
			btf:    blobs[blob],
			blob:   strconv.FormatUint(blob, 10),
		})
	}
	return true
}
