// A guest in C with debug information, for linmem's tests: a line in capitals. Convention in-place.
//
// The tests look for the lines marked "stores" and "traps": a `!` is stored outside the memory.

#include <stddef.h>

static char buffer[1024];

__attribute__((export_name("alloc"))) char *alloc(size_t len) { return len <= sizeof buffer ? buffer : NULL; }

static inline __attribute__((always_inline)) void put_outside(char c) {
    volatile char *outside = (char *)-16;
    *outside = c; // traps
}

__attribute__((noinline)) static void put(char *at, char c) {
    if (c == '!') {
        put_outside(c);
    }
    if (c >= 'a' && c <= 'z') {
        *at = c - 'a' + 'A'; // stores
    }
}

__attribute__((export_name("shout"))) void shout(char *text, size_t len) {
    for (size_t i = 0; i < len; i++) {
        put(text + i, text[i]); // calls
    }
}
