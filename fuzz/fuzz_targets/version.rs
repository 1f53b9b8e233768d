//! Fuzzes version rules.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| imagelock_fuzz::core::version(data));
