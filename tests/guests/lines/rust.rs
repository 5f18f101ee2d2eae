//! A guest in Rust with debug information, for linmem's tests: a line in capitals. Convention in-place.
//!
//! The tests look for the lines marked "stores" and "traps": a `!` is stored outside the memory.
#![no_std]

static mut BUFFER: [u8; 1024] = [0; 1024];

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

#[unsafe(no_mangle)]
extern "C" fn alloc(len: usize) -> *mut u8 {
    if len <= 1024 { &raw mut BUFFER as *mut u8 } else { 0 as *mut u8 }
}

mod text {
    #[inline(always)]
    fn put_outside(byte: u8) {
        let outside = 0xffff_fff0 as *mut u8;
        unsafe { outside.write_volatile(byte) } // traps
    }

    #[inline(never)]
    pub fn put(at: *mut u8, byte: u8) {
        if byte == b'!' {
            put_outside(byte);
        }
        if byte >= b'a' && byte <= b'z' {
            unsafe { *at = byte - b'a' + b'A' } // stores
        }
    }
}

#[unsafe(no_mangle)]
extern "C" fn shout(line: *mut u8, len: usize) {
    let mut i = 0;
    while i < len {
        let at = line.wrapping_add(i);
        text::put(at, unsafe { *at }); // calls
        i += 1;
    }
}
