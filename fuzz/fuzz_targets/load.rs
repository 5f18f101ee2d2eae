#![no_main]

libfuzzer_sys::fuzz_target!(init: linmem_fuzz::write_seeds("load"), |data: &[u8]| linmem_fuzz::attack("load", data));
