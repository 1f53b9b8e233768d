//! Fuzzes the lock.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| imagelock_fuzz::core::lockfile(data));
