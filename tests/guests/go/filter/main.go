// A guest in Go, for linmem's tests: each line of the standard input, with its words counted, goes to the standard output.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		fmt.Printf("%d %s\n", len(strings.Fields(lines.Text())), strings.ToUpper(lines.Text()))
	}
	if lines.Err() != nil {
		fmt.Fprintln(os.Stderr, lines.Err())
		os.Exit(1)
	}
}
