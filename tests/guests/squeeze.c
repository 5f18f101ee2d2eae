// A guest in C without a library, for linmem's tests: of blanks in a row one is left. Convention in-place-len.
//
// The line is changed where it is, and how long it is then is returned. There is room for one line: what alloc gives out is
// always the same memory, from the end of the guest's own on, and grows with the longest line.

#include <stddef.h>

#define EXPORT(name) __attribute__((export_name(#name)))

enum { PAGE = 65536 };

// Nothing in the types tells this from a transform that returns an address. So the module itself says what its convention is.
__asm__(".section .custom_section.linmem,\"\",@\n.ascii \"in-place-len\"\n");

extern char __heap_base[];

EXPORT(alloc) char *alloc(size_t len) {
    size_t size = __builtin_wasm_memory_size(0) * PAGE;
    size_t room = size - (size_t)__heap_base;
    if (len > room && __builtin_wasm_memory_grow(0, (len - room + PAGE - 1) / PAGE) == (size_t)-1) {
        return NULL;
    }
    return __heap_base;
}

EXPORT(squeeze) size_t squeeze(char *text, size_t len) {
    char *end = text;
    char before = '\0';
    for (size_t place = 0; place < len; place++) {
        char c = text[place];
        if (c != ' ' || before != ' ') {
            *end++ = c;
        }
        before = c;
    }
    return (size_t)(end - text);
}
