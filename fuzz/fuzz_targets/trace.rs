#![no_main]

libfuzzer_sys::fuzz_target!(init: linmem_fuzz::write_seeds("trace"), |data: &[u8]| linmem_fuzz::trace(data));
