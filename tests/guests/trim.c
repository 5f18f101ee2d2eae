// A guest in C without a library, for linmem's tests: a line without the blanks at its ends. Convention fixed-region.
//
// Nobody hands out memory. The host takes what is behind the guest's own, from __heap_base on, and grows it where it must.

#include <stddef.h>

static int is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

__attribute__((export_name("trim"))) size_t trim(char *text, size_t len) {
    size_t first = 0;
    while (first < len && is_blank(text[first])) {
        first++;
    }
    while (len > first && is_blank(text[len - 1])) {
        len--;
    }
    __builtin_memmove(text, text + first, len - first);
    return len - first;
}
