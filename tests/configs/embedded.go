// What go:embed takes in of a folder: a line for each file, its path and its bytes in hex.
package main

import (
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log"
)

//go:embed btfs dist
var files embed.FS

func main() {
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := files.ReadFile(path)
		fmt.Println(path, hex.EncodeToString(content))
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
}
