#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| linmem_fuzz::attack("config", data));
