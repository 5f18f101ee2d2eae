// A guest in Go, for linmem's tests: a reactor, which is initialized once and goes on living.
//
// The host asks for memory; pointer and length of the answer come back in one number, the pointer high.
package main

import (
	"strings"
	"unsafe"
)

// What the host holds, so that the garbage collector leaves it alone.
var held = map[uint32][]byte{}

func hold(bytes []byte) uint32 {
	// Of no bytes there is no address; one more than is needed always has one.
	bytes = append(bytes, 0)
	ptr := uint32(uintptr(unsafe.Pointer(&bytes[0])))
	held[ptr] = bytes
	return ptr
}

//go:wasmexport alloc
func alloc(size uint32) uint32 {
	return hold(make([]byte, size))
}

//go:wasmexport dealloc
func dealloc(ptr, size uint32) {
	delete(held, ptr)
}

//go:wasmexport shout
func shout(ptr, size uint32) uint64 {
	answer := []byte(strings.ToUpper(string(held[ptr][:size])) + "!")
	size = uint32(len(answer))
	return uint64(hold(answer))<<32 | uint64(size)
}

func main() {}
