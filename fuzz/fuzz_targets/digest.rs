//! Fuzzes digests, platforms, names and times.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| imagelock_fuzz::core::digest(data));
