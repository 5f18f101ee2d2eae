#![no_main]

libfuzzer_sys::fuzz_target!(init: linmem_fuzz::write_seeds("config"), |data: &[u8]| linmem_fuzz::attack("config", data));
