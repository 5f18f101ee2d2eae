//! A guest in Zig with debug information, for linmem's tests: a line in capitals. Convention in-place.
//!
//! The tests look for the lines marked "stores" and "traps": a `!` is stored outside the memory.

var buffer: [1024]u8 = undefined;

export fn alloc(len: usize) ?[*]u8 {
    return if (len <= buffer.len) &buffer else null;
}

inline fn putOutside(byte: u8) void {
    const outside: *volatile u8 = @ptrFromInt(0xfffffff0);
    outside.* = byte; // traps
}

noinline fn put(at: *u8, byte: u8) void {
    if (byte == '!') {
        putOutside(byte);
    }
    if (byte >= 'a' and byte <= 'z') {
        at.* = byte - 'a' + 'A'; // stores
    }
}

export fn shout(line: [*]u8, len: usize) void {
    for (line[0..len]) |*at| {
        put(at, at.*); // calls
    }
}
