#![no_main]

libfuzzer_sys::fuzz_target!(init: linmem_fuzz::write_seeds("driver"), |data: &[u8]| linmem_fuzz::attack("driver", data));
