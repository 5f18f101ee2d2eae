// A guest in C++ whose debug information describes types of data: for `:struct`. It answers the line in capitals, and
// keeps a record of the line. Convention static-buffer.

#include <stdint.h>

namespace my {

enum class Kind : uint8_t { Empty, Word, Words = 7 };

struct Item {
    uint16_t at;
    uint16_t len;
};

struct Header {
    Kind kind;
    bool ends_in_dot;
    uint32_t len;
    const char *text;
    Item items[2];
    union {
        int32_t number;
        float ratio;
    } extra;
    Header *next;
};

} // namespace my

static char buffer[256];
my::Header header;
my::Header previous;

extern "C" {

__attribute__((export_name("ptr"))) char *ptr() { return buffer; }

__attribute__((export_name("at"))) my::Header *at() { return &header; }

__attribute__((export_name("shout"))) uint32_t shout(uint32_t len) {
    previous = header;
    header.len = len;
    header.text = buffer;
    header.next = &previous;
    header.kind = len == 0 ? my::Kind::Empty : my::Kind::Word;
    header.ends_in_dot = len > 0 && buffer[len - 1] == '.';
    header.extra.number = -(int32_t)len;
    for (uint32_t i = 0; i < len; i++) {
        if (buffer[i] == ' ') {
            header.kind = my::Kind::Words;
            header.items[0].len = (uint16_t)i;
            header.items[1].at = (uint16_t)(i + 1);
        } else if (buffer[i] >= 'a' && buffer[i] <= 'z') {
            buffer[i] -= 'a' - 'A';
        }
    }
    return len;
}
}
