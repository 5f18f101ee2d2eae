// A guest in C, for linmem's tests: the bytes of a line in Base64, with = at the end. Convention out-len.
//
// The transform returns the answer, and puts its length where the host says. The host frees it, with the C library's free.

#include <stdint.h>
#include <stdlib.h>

static const char digits[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The line in Base64, or NULL if there is no memory for it.
char *encode(const uint8_t *line, size_t len, size_t *out_len) {
    size_t size = (len + 2) / 3 * 4;
    // malloc may answer 0 bytes with NULL.
    char *answer = malloc(size + 1);
    if (answer == NULL) {
        return NULL;
    }
    char *next = answer;
    for (size_t place = 0; place < len; place += 3) {
        size_t left = len - place;
        uint32_t bits = (uint32_t)line[place] << 16;
        bits |= left > 1 ? (uint32_t)line[place + 1] << 8 : 0;
        bits |= left > 2 ? line[place + 2] : 0;
        *next++ = digits[bits >> 18];
        *next++ = digits[bits >> 12 & 63];
        *next++ = left > 1 ? digits[bits >> 6 & 63] : '=';
        *next++ = left > 2 ? digits[bits & 63] : '=';
    }
    *out_len = size;
    return answer;
}
