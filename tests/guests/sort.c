// A guest in C, for linmem's tests: the words of a line in the order of their bytes, a blank between them. Convention struct.
//
// The transform returns the address of a struct: the answer, and how long it is. The struct is there until the next call.

#include <stdlib.h>
#include <string.h>

// Nothing in the types tells this from a transform that returns a length. So the module itself says what its convention is.
__asm__(".section .custom_section.linmem,\"\",@\n.ascii \"struct\"\n");

struct text {
    char *bytes;
    size_t len;
};

static int by_bytes(const void *a, const void *b) {
    const struct text *left = a, *right = b;
    size_t shorter = left->len < right->len ? left->len : right->len;
    int order = memcmp(left->bytes, right->bytes, shorter);
    return order != 0 ? order : (left->len > right->len) - (left->len < right->len);
}

// The words of a line, as pieces of it: at most (len + 1) / 2. Returns how many.
static size_t split(char *line, size_t len, struct text *words) {
    size_t count = 0;
    for (char *from = line, *end = line + len; from < end; from++) {
        char *to = from;
        while (to < end && *to != ' ') {
            to++;
        }
        if (to > from) {
            words[count++] = (struct text){from, (size_t)(to - from)};
        }
        from = to;
    }
    return count;
}

// The line with its words sorted, or NULL if there is no memory for it. The host frees the answer's bytes.
struct text *sort_words(char *line, size_t len) {
    static struct text answer;
    answer.bytes = malloc(len + 1);
    struct text *words = malloc((len / 2 + 1) * sizeof *words);
    if (answer.bytes == NULL || words == NULL) {
        free(answer.bytes);
        free(words);
        return NULL;
    }
    size_t count = split(line, len, words);
    qsort(words, count, sizeof *words, by_bytes);
    char *next = answer.bytes;
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            *next++ = ' ';
        }
        memcpy(next, words[i].bytes, words[i].len);
        next += words[i].len;
    }
    answer.len = (size_t)(next - answer.bytes);
    free(words);
    return &answer;
}
