package btfbatchfind

import "syscall"

// The fields of Utsname are int8 on some architectures and uint8 on others.
func textOf[T int8 | uint8](field []T) string {
	var text []byte
	for _, c := range field {
		if c == 0 {
			break
		}
		text = append(text, byte(c))
	}
	return string(text)
}

func uname() (Host, error) {
	var names syscall.Utsname
	if err := syscall.Uname(&names); err != nil {
		return Host{}, err
	}
	return Host{Machine: textOf(names.Machine[:]), KernelRelease: textOf(names.Release[:])}, nil
}
