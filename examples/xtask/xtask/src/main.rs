//! A monorepo's own `cargo xtask`, in three lines.

fn main() -> std::process::ExitCode {
    imagelock::main()
}
