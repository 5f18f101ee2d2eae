//! A guest in Zig, for linmem's tests: how many words, characters and bytes a line has. Convention callback.
//!
//! The host has a function that takes the answer, and one that takes what is to be said beside it.

const std = @import("std");
const memory = std.heap.wasm_allocator;

extern "env" fn result(ptr: [*]const u8, len: usize) void;
extern "env" fn log(ptr: [*]const u8, len: usize) void;

/// Memory for that many bytes, or 0.
export fn alloc(len: usize) usize {
    const bytes = memory.alloc(u8, len) catch return 0;
    return @intFromPtr(bytes.ptr);
}

export fn dealloc(ptr: [*]u8, len: usize) void {
    memory.free(ptr[0..len]);
}

export fn measure(ptr: [*]const u8, len: usize) void {
    const line = ptr[0..len];
    var words: usize = 0;
    var characters: usize = 0;
    var before: u8 = ' ';
    for (line) |byte| {
        if (byte != ' ' and before == ' ') words += 1;
        // The further bytes of a character begin with the bits 10.
        if (byte & 0xc0 != 0x80) characters += 1;
        before = byte;
    }
    if (!std.unicode.utf8ValidateSlice(line)) {
        const warning = "the line is not UTF-8";
        log(warning, warning.len);
    }
    var answer: [100]u8 = undefined;
    const text = std.fmt.bufPrint(&answer, "{d} words, {d} characters, {d} bytes", .{ words, characters, len }) catch
        unreachable;
    result(text.ptr, text.len);
}
