//! The `imagelock` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    imagelock::main()
}
