//! `cargo images …`: Cargo calls `cargo-images images …`.

use std::process::ExitCode;

/// Locks and manifests are many small texts, on every core: this one hands them out in less time than that of the system.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let mut arguments: Vec<_> = std::env::args_os().collect();
    if arguments.get(1).is_some_and(|argument| argument == "images") {
        arguments.remove(1);
    }
    imagelock::main_from(arguments)
}
