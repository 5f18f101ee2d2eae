//! A guest in Zig, for linmem's tests: the bytes of a line as hexadecimal digits. Convention packed-low.
//!
//! The answer is a struct of two numbers, and comes back as one: Zig puts the first field, the pointer, into the low half.

const std = @import("std");
const memory = std.heap.wasm_allocator;

const Text = packed struct(u64) { ptr: u32, len: u32 };

/// Memory for that many bytes, or 0.
export fn alloc(len: usize) usize {
    const bytes = memory.alloc(u8, len) catch return 0;
    return @intFromPtr(bytes.ptr);
}

export fn dealloc(ptr: [*]u8, len: usize) void {
    memory.free(ptr[0..len]);
}

export fn to_hex(ptr: [*]const u8, len: usize) Text {
    const answer = memory.alloc(u8, 2 * len) catch return .{ .ptr = 0, .len = 0 };
    for (ptr[0..len], 0..) |byte, place| {
        answer[2 * place ..][0..2].* = std.fmt.hex(byte);
    }
    return .{ .ptr = @intCast(@intFromPtr(answer.ptr)), .len = @intCast(answer.len) };
}
