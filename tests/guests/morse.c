// A guest in C, for linmem's tests: a line in Morse code, "SOS" becomes "... --- ...". Convention typst.
//
// It is a plugin of Typst: the host calls it with the length of the line, and the guest calls the host for the line, and to
// hand over its answer or, if it returns 1, the message of an error.

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define IMPORT(name) __attribute__((import_module("typst_env"), import_name("wasm_minimal_protocol_" name))) extern

IMPORT("write_args_to_buffer") void fetch(uint8_t *to);
IMPORT("send_result_to_host") void hand_over(const void *from, size_t len);

static const char *const letters[26] = {
    ".-",   "-...", "-.-.", "-..", ".",   "..-.", "--.",  "....", "..",   ".---", "-.-",  ".-..", "--",
    "-.",   "---",  ".--.", "--.-", ".-.", "...",  "-",    "..-",  "...-", ".--",  "-..-", "-.--", "--..",
};
static const char *const digits[10] = {
    "-----", ".----", "..---", "...--", "....-", ".....", "-....", "--...", "---..", "----.",
};

static const char *code(uint8_t c) {
    if (c >= '0' && c <= '9') {
        return digits[c - '0'];
    }
    uint8_t lower = c | 32;
    if (lower >= 'a' && lower <= 'z') {
        return letters[lower - 'a'];
    }
    return c == ' ' ? "/" : NULL;
}

static int32_t refuse(const char *words) {
    hand_over(words, strlen(words));
    return 1;
}

__attribute__((export_name("morse"))) int32_t morse(size_t len) {
    enum { LONGEST = 6 };
    uint8_t *line = malloc(len + 1);
    char *answer = malloc(LONGEST * len + 1);
    if (line == NULL || answer == NULL) {
        abort();
    }
    fetch(line);
    char *next = answer;
    int32_t failed = 0;
    for (size_t place = 0; place < len && !failed; place++) {
        const char *signs = code(line[place]);
        if (signs == NULL) {
            failed = refuse("there is a sign in it that has no Morse code");
            break;
        }
        if (place > 0) {
            *next++ = ' ';
        }
        memcpy(next, signs, strlen(signs));
        next += strlen(signs);
    }
    if (!failed) {
        hand_over(answer, (size_t)(next - answer));
    }
    free(line);
    free(answer);
    return failed;
}
