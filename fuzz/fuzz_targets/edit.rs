//! Fuzzes the editing of project files.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| imagelock_fuzz::core::edit(data));
