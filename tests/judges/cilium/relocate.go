// Relocates eBPF objects with cilium/ebpf against a full and against a minimized BTF, and says where
// the two come to different values.
//
//	relocate FULL MINIMIZED OBJECT...
//
// Prints one JSON object, see report. Exit codes: 0 whatever the comparison came to, 1 where it
// could not be made.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

type report struct {
	// Why cilium/ebpf cannot read the full BTF; all else is empty then.
	Unreadable  string   `json:"unreadable,omitempty"`
	Programs    int      `json:"programs"`
	Relocations int      `json:"relocations"`
	Resolved    int      `json:"resolved"` // neither poisoned nor refused
	Refused     int      `json:"refused"`  // with the full BTF, so there is nothing to compare with
	Unknown     int      `json:"unknown"`  // besides: of a kind that cilium/ebpf does not know
	LeftOut     []string `json:"left_out"` // objects that cilium/ebpf cannot read, with the reason
	Different   []string `json:"different"`
}

// Both BTFs that a program is relocated against.
type targets struct {
	full, minimized *btf.Spec
}

func main() {
	if len(os.Args) < 4 {
		fail(errors.New("usage: relocate FULL MINIMIZED OBJECT..."))
	}
	result := report{LeftOut: []string{}, Different: []string{}}
	full, err := loadBTF(os.Args[1])
	if err != nil {
		result.Unreadable = err.Error()
		print(result)
		return
	}
	minimized, err := loadBTF(os.Args[2])
	if err != nil {
		// Our file must be readable wherever the kernel's is.
		result.Different = append(result.Different, fmt.Sprintf("the minimized BTF: %v", err))
		print(result)
		return
	}
	for _, path := range os.Args[3:] {
		object, err := loadObject(path)
		if err != nil {
			result.LeftOut = append(result.LeftOut, fmt.Sprintf("%s: %v", filepath.Base(path), err))
			continue
		}
		result.judge(filepath.Base(path), object, targets{full, minimized})
	}
	print(result)
}

func loadBTF(path string) (*btf.Spec, error) {
	file, err := os.Open(path)
	if err != nil {
		fail(err)
	}
	defer file.Close()
	return btf.LoadSpecFromReader(file)
}

func loadObject(path string) (*ebpf.CollectionSpec, error) {
	file, err := os.Open(path)
	if err != nil {
		fail(err)
	}
	defer file.Close()
	return ebpf.LoadCollectionSpecFromReader(file)
}

func (r *report) judge(name string, object *ebpf.CollectionSpec, to targets) {
	functions := make([]string, 0, len(object.Programs))
	for function := range object.Programs {
		functions = append(functions, function)
	}
	sort.Strings(functions)
	for _, function := range functions {
		program := object.Programs[function]
		if program.BTF == nil {
			continue
		}
		r.Programs++
		r.judgeProgram(name+", "+function, program, to)
	}
}

// The relocations of a program all at once, as the loader does it, since they decide together which
// of several types of one name is meant. Where the full BTF has one of them refused, that hides all
// others, so then each alone.
func (r *report) judgeProgram(place string, program *ebpf.ProgramSpec, to targets) {
	var relocations []*btf.CORERelocation
	iterator := program.Instructions.Iterate()
	for iterator.Next() {
		relocation := btf.CORERelocationMetadata(iterator.Ins)
		switch {
		case relocation == nil:
		case kindOf(relocation) > lastKnownKind:
			r.Unknown++
		default:
			relocations = append(relocations, relocation)
		}
	}
	r.Relocations += len(relocations)
	full := relocate(program.BTF, to.full, relocations)
	if full.refusal == "" {
		r.compare(place, full, relocate(program.BTF, to.minimized, relocations), to)
		return
	}
	for i := range relocations {
		alone := relocations[i : i+1]
		r.compare(fmt.Sprintf("%s, #%d alone", place, i), relocate(program.BTF, to.full, alone),
			relocate(program.BTF, to.minimized, alone), to)
	}
}

// The last of the kinds that cilium/ebpf 0.9 knows: the value of an enum constant.
const lastKnownKind = 11

// The kind's number; the package keeps it to itself.
func kindOf(relocation *btf.CORERelocation) uint64 {
	return reflect.ValueOf(relocation).Elem().FieldByName("kind").Uint()
}

// Ambiguity must be met with both BTFs. Any other refusal of the full BTF is a limit of cilium/ebpf,
// such as a function that has the name of a struct: nothing to compare with.
func (r *report) compare(place string, full, minimized relocated, to targets) {
	if full.refusal != "" && full.refusal != ambiguous {
		r.Refused++
		return
	}
	if full.refusal != minimized.refusal {
		r.Different = append(r.Different, fmt.Sprintf("%s: full: %s; minimized: %s", place,
			or(full.refusal, "relocated"), or(minimized.refusal, "relocated")))
		return
	}
	for i := range full.fixups {
		a, b := text(&full.fixups[i], to.full), text(&minimized.fixups[i], to.minimized)
		if a != b {
			r.Different = append(r.Different, fmt.Sprintf("%s, #%d: full: %s; minimized: %s", place, i, a, b))
		}
		if !strings.HasSuffix(full.fixups[i].String(), "=poison") {
			r.Resolved++
		}
	}
}

type relocated struct {
	fixups  []btf.COREFixup
	refusal string
}

// The innermost reason of a relocation that has more than one answer.
const ambiguous = "ambiguous relocation"

// The refusal is only the innermost reason: what surrounds it describes the target's types, of which
// the minimized BTF keeps less.
func relocate(local, target *btf.Spec, relocations []*btf.CORERelocation) relocated {
	fixups, err := btf.CORERelocate(local, target, relocations)
	if err == nil {
		return relocated{fixups: fixups}
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return relocated{refusal: err.Error()}
		}
		err = inner
	}
}

// What a loader would patch. The type IDs of the two targets differ by nature, so those are named
// by what they stand for.
func text(fixup *btf.COREFixup, target *btf.Spec) string {
	var local, id uint32
	if n, _ := fmt.Sscanf(fixup.String(), "target_type_id=%d->%d", &local, &id); n == 2 {
		named, err := target.TypeByID(btf.TypeID(id))
		if err != nil {
			return fmt.Sprintf("%s, of no type: %v", fixup, err)
		}
		return fmt.Sprintf("target_type_id=%d->%T %q", local, named, named.TypeName())
	}
	// The whole struct, since String() leaves out whether the local value is checked.
	return fmt.Sprintf("%s %+v", fixup, *fixup)
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func print(result report) {
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "relocate: %v\n", err)
	os.Exit(1)
}
