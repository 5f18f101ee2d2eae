// A guest in C, for linmem's tests: a text becomes a slug, "Did you know?" did-you-know.
//
// Texts are C strings. The host makes room with the C library's own malloc, and frees what it is given.

#include <stdlib.h>
#include <string.h>

static int is_sign(unsigned char c) {
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The slug of a text, or no text (NULL) if there is nothing in it.
char *slug(const char *text) {
    char *answer = malloc(strlen(text) + 1);
    if (answer == NULL) {
        return NULL;
    }
    char *end = answer;
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (is_sign(c)) {
            *end++ = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        } else if (end > answer && end[-1] != '-') {
            *end++ = '-';
        }
    }
    while (end > answer && end[-1] == '-') {
        end--;
    }
    *end = '\0';
    if (end == answer) {
        free(answer);
        return NULL;
    }
    return answer;
}
