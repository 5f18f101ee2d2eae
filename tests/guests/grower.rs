//! A test guest in Rust: answers with the line in capitals and " Wasm is cool!" after it.
//!
//! Each answer gets a new, larger buffer. The first needs more memory than the module has initially, so memory grows,
//! and the buffer moves each time.

static mut BUFFER: Vec<u8> = Vec::new();
static mut ROOM: usize = 1024;

#[no_mangle]
pub extern "C" fn get_wasm_memory_buffer_pointer() -> *const u8 {
    unsafe {
        if BUFFER.capacity() == 0 {
            BUFFER = vec![0; ROOM];
        }
        BUFFER.as_ptr()
    }
}

#[no_mangle]
pub extern "C" fn add_wasm_is_cool(len: usize) -> usize {
    unsafe {
        ROOM += 150_000;
        let mut answer = Vec::with_capacity(ROOM);
        answer.extend(BUFFER[..len].iter().map(u8::to_ascii_uppercase));
        answer.extend_from_slice(b" Wasm is cool!");
        let count = answer.len();
        answer.resize(ROOM, 0);
        BUFFER = answer;
        count
    }
}
