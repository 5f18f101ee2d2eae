// A failed check in Zig, with a message of its own and with one that the language makes.

var memory: [1024]u8 = undefined;

export fn alloc(len: usize) ?[*]u8 {
    return if (len <= memory.len) &memory else null;
}

export fn dealloc(_: [*]u8, _: usize) void {}

/// The price with tax; panics if it is no number, or if it has more digits than are expected.
export fn price(ptr: [*]u8, len: usize) u64 {
    const digits = [_]u8{ 1, 10, 100 };
    var sum: usize = 0;
    for (ptr[0..len]) |digit| {
        if (digit < '0' or digit > '9') @panic("the price is no whole number");
        sum += digit - '0';
    }
    ptr[0] = '0' + digits[len] % 10;
    return @as(u64, @intFromPtr(ptr)) << 32 | (sum & 1 | 1);
}
