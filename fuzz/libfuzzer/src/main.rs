//! The targets under libFuzzer, which sees which code an input reaches: `cargo xtask fuzz --libfuzzer`.
//!
//! The variable `IMAGELOCK_FUZZ_TARGET` names the target, so that everything is built and linked once.

#![no_main]

use std::sync::LazyLock;

use imagelock_fuzz::judge::judge;
use imagelock_fuzz::mutate::{Random, mutate};
use imagelock_fuzz::{Target, target};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var("IMAGELOCK_FUZZ_TARGET").unwrap_or_default();
    target(&name).unwrap_or_else(|| panic!("no target is called `{name}`: set IMAGELOCK_FUZZ_TARGET"))
});

fuzz_target!(|data: &[u8]| {
    if let Err(failure) = judge(*TARGET, data) {
        eprintln!("{} at {}: {}", failure.kind, failure.place, failure.message);
        // What is caught is no failure to libFuzzer.
        std::process::abort();
    }
});

// Half of the inputs are made with the pieces of the languages, half as libFuzzer likes.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    if seed % 2 == 0 {
        return fuzzer_mutate(data, size, max_size);
    }
    let made = mutate(&mut Random::new(seed.into()), &[data[..size].to_vec()]);
    let length = made.len().min(max_size).min(data.len());
    data[..length].copy_from_slice(&made[..length]);
    length
});
