//go:build !linux

package btfbatchfind

import "errors"

func uname() (Host, error) {
	return Host{}, errors.New("only Linux hosts have kernels with BTF")
}
