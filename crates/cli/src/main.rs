//! The `imagelock` program.

use std::process::ExitCode;

/// Locks and manifests are many small texts, on every core: this one hands them out in less time than that of the system.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    imagelock::main()
}
