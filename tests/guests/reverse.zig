//! A guest in Zig, for linmem's tests: the characters of a UTF-8 text from last to first.
//!
//! The host asks for memory and gives it back; pointer and length of the answer come back in one number, the pointer high.

const std = @import("std");
const memory = std.heap.wasm_allocator;

/// Memory for that many bytes, or 0.
export fn alloc(len: usize) usize {
    const bytes = memory.alloc(u8, len) catch return 0;
    return @intFromPtr(bytes.ptr);
}

export fn dealloc(ptr: [*]u8, len: usize) void {
    memory.free(ptr[0..len]);
}

export fn reverse(ptr: [*]const u8, len: usize) u64 {
    const text = ptr[0..len];
    const answer = memory.alloc(u8, len) catch return 0;
    var from: usize = 0;
    while (from < len) {
        const size = @min(std.unicode.utf8ByteSequenceLength(text[from]) catch 1, len - from);
        @memcpy(answer[len - from - size ..][0..size], text[from..][0..size]);
        from += size;
    }
    return (@as(u64, @intFromPtr(answer.ptr)) << 32) | len;
}
