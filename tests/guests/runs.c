// A guest in C without a library, for linmem's tests: runs of equal bytes are counted, aaab becomes 3a1b.
//
// Line and answer have each a buffer of the guest's own. Functions tell where they are, how large, and how long the answer is.

#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name)))

static uint8_t input[1000];
static uint8_t output[2 * sizeof input];
static size_t length;

EXPORT(input_ptr) uint8_t *input_ptr(void) { return input; }
EXPORT(input_size) size_t input_size(void) { return sizeof input; }
EXPORT(output_ptr) uint8_t *output_ptr(void) { return output; }
EXPORT(output_len) size_t output_len(void) { return length; }

EXPORT(encode) void encode(size_t count) {
    length = 0;
    for (size_t from = 0, to = 0; from < count; from = to) {
        while (to < count && input[to] == input[from] && to - from < 9) {
            to++;
        }
        output[length++] = (uint8_t)('0' + (to - from));
        output[length++] = input[from];
    }
}
