// A broken guest in C with debug information, for linmem's tests: a line in capitals, cut at a limit. Convention in-place.
//
// It notes which letters it saw, and takes a `!` for one: that note is outside the table, where the limit is.

#include <stddef.h>

static char buffer[1024];

static struct {
    unsigned char limit;
    unsigned char unused[63];
    unsigned char seen[26];
} state = {.limit = 64};

__attribute__((export_name("alloc"))) char *alloc(size_t len) { return len <= sizeof buffer ? buffer : NULL; }

__attribute__((noinline)) static void note(char c) {
    volatile unsigned char *seen = state.seen;
    seen[c - 'a'] = 1; // overwrites
}

__attribute__((export_name("tally"))) void tally(char *text, size_t len) {
    for (size_t i = 0; i < len; i++) {
        note(text[i]);
    }
    for (size_t i = 0; i < len && i < state.limit; i++) {
        if (text[i] >= 'a' && text[i] <= 'z') {
            text[i] -= 'a' - 'A';
        }
    }
}
