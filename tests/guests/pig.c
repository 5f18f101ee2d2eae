// A guest in C, for linmem's tests: a line in pig Latin, "did you" becomes "idday ouyay". Convention canonical.
//
// It is what the core module of a component would be: the guest owns the line that it is given, the host asks for the memory by
// cabi_realloc, and has the answer freed by cabi_post_pig-latin when it has read it.

#include <stdlib.h>
#include <string.h>

#define EXPORT(name) __attribute__((export_name(name)))

struct text {
    char *bytes;
    size_t len;
};

EXPORT("cabi_realloc") void *cabi_realloc(void *old, size_t old_len, size_t align, size_t len) {
    if (len == 0) {
        return (void *)align;
    }
    void *bytes = realloc(old_len > 0 ? old : NULL, len);
    if (bytes == NULL) {
        abort();
    }
    return bytes;
}

static void release(struct text text) {
    if (text.len > 0) {
        free(text.bytes);
    }
}

// Bytes above 127 are of letters that are not English: they count as consonants.
static int is_letter(unsigned char c) { return c >= 0x80 || ((c | 32) >= 'a' && (c | 32) <= 'z'); }
static int is_vowel(char c) { return c != '\0' && strchr("aeiouAEIOU", c) != NULL; }

// Puts a word's pig Latin at `to`, at most four bytes for each of its own, and returns the end of that.
static char *turn(const char *word, size_t len, char *to) {
    size_t consonants = 0;
    while (consonants < len && !is_vowel(word[consonants])) {
        consonants++;
    }
    memcpy(to, word + consonants, len - consonants);
    to += len - consonants;
    memcpy(to, word, consonants);
    to += consonants;
    if (consonants == 0) {
        *to++ = 'w';
    }
    memcpy(to, "ay", 2);
    return to + 2;
}

EXPORT("pig-latin") struct text *pig_latin(char *bytes, size_t len) {
    static struct text answer;
    answer.bytes = cabi_realloc(NULL, 0, 1, 4 * len);
    char *next = answer.bytes;
    for (size_t from = 0, to = 0; from < len; from = to) {
        while (to < len && is_letter(bytes[to])) {
            to++;
        }
        if (to > from) {
            next = turn(bytes + from, to - from, next);
        } else {
            *next++ = bytes[to++];
        }
    }
    release((struct text){bytes, len});
    answer.len = (size_t)(next - answer.bytes);
    return &answer;
}

EXPORT("cabi_post_pig-latin") void release_answer(const struct text *answer) { release(*answer); }
