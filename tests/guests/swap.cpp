// A guest in C++, for linmem's tests: small letters become capitals, and capitals small letters. Convention in-place.
//
// The line is changed where it is. The host gets memory for it by alloc, and gives it back by dealloc.

#include <algorithm>
#include <cstddef>
#include <cstdlib>

extern "C" {

__attribute__((export_name("alloc"))) void *alloc(std::size_t size) { return std::malloc(size); }

__attribute__((export_name("dealloc"))) void dealloc(void *bytes) { std::free(bytes); }

__attribute__((export_name("swap_case"))) void swap_case(char *text, std::size_t size) {
    std::transform(text, text + size, text, [](char c) -> char {
        const char lower = c | 32;
        return lower >= 'a' && lower <= 'z' ? c ^ 32 : c;
    });
}
}
