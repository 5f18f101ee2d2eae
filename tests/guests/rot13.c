// A guest in C, for linmem's tests: a program that turns each letter into the one 13 places on.
//
// It reads its standard input to the end and writes to its standard output, as a program for a shell does. With the argument
// "count" it says on its standard error how many letters it turned; an input with a NUL in it is an error.

#include <string.h>
#include <unistd.h>

static char turned(char c) {
    char lower = c | 32;
    if (lower < 'a' || lower > 'z') {
        return c;
    }
    return lower < 'n' ? c + 13 : c - 13;
}

static void say_number(unsigned number) {
    char digits[12];
    char *first = digits + sizeof digits;
    *--first = '\n';
    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    write(STDERR_FILENO, first, (size_t)(digits + sizeof digits - first));
}

int main(int argc, char **argv) {
    char buffer[4096];
    unsigned count = 0;
    ssize_t got;
    while ((got = read(STDIN_FILENO, buffer, sizeof buffer)) > 0) {
        for (ssize_t place = 0; place < got; place++) {
            if (buffer[place] == '\0') {
                static const char words[] = "a NUL is no letter\n";
                write(STDERR_FILENO, words, sizeof words - 1);
                return 3;
            }
            char letter = turned(buffer[place]);
            count += letter != buffer[place];
            buffer[place] = letter;
        }
        for (ssize_t done = 0; done < got;) {
            ssize_t wrote = write(STDOUT_FILENO, buffer + done, (size_t)(got - done));
            if (wrote < 0) {
                return 1;
            }
            done += wrote;
        }
    }
    if (argc > 1 && strcmp(argv[1], "count") == 0) {
        say_number(count);
    }
    return 0;
}
