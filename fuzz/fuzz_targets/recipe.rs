#![no_main]

libfuzzer_sys::fuzz_target!(init: linmem_fuzz::write_seeds("recipe"), |data: &[u8]| linmem_fuzz::attack("recipe", data));
