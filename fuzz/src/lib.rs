//! What the fuzz targets do with their bytes, apart from the fuzzer: tests on a stable compiler run it too.

pub mod core;
pub mod files;
