//! Fuzzes what renders into and from a person's file.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| imagelock_fuzz::files::earthfiles(data));
