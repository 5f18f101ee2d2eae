// A failed assertion in C, whose message goes to the host, which may not print it.
extern void __assert_fail(const char *condition, const char *file, int line, const char *function)
    __attribute__((import_module("env"), import_name("__assert_fail"), noreturn));
#define assert(condition) ((condition) ? (void)0 : __assert_fail(#condition, "panics/c.c", __LINE__, __func__))

static char buffer[256];
__attribute__((export_name("buffer"))) char *get_buffer(void) { return buffer; }
__attribute__((export_name("buffer_len"))) int get_buffer_len(void) { return sizeof buffer; }
__attribute__((export_name("price"))) int price(int n) {
    for (int i = 0; i < n; i++) assert(buffer[i] >= '0' && buffer[i] <= '9');
    return n;
}
