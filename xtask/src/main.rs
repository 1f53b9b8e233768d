//! This repository's own `cargo xtask`: the commands of imagelock, plus the chores of its developers.
//!
//! A repository that has no chores of its own needs nothing but `imagelock::main()`.

mod bench;
mod fuzz;
mod generate;
mod module_docs;
mod mutants;
mod picture;
mod release;
mod shell;
mod test;
mod tidy;
mod tools;

use std::process::ExitCode;

use clap::Parser;

/// Everything that a developer of imagelock runs
#[derive(Parser)]
#[command(name = "xtask", bin_name = "cargo xtask")]
struct Xtask {
    #[command(flatten)]
    global: imagelock::Global,
    #[command(subcommand)]
    chore: Chore,
}

#[derive(clap::Subcommand)]
enum Chore {
    Bench(bench::Bench),
    Fuzz(fuzz::Fuzz),
    Generate(generate::Generate),
    Mutants(mutants::Mutants),
    Picture(picture::Picture),
    Release(release::Release),
    Test(test::Test),
    Tidy(tidy::Tidy),
    Tools(tools::Tools),
    #[command(flatten)]
    Imagelock(imagelock::Command),
}

fn main() -> ExitCode {
    let Xtask { global, chore } = Xtask::parse();
    let done = match chore {
        Chore::Bench(chore) => chore.run(),
        Chore::Fuzz(chore) => chore.run(),
        Chore::Generate(chore) => chore.run(),
        Chore::Mutants(chore) => chore.run(),
        Chore::Picture(chore) => chore.run(),
        Chore::Release(chore) => chore.run(),
        Chore::Test(chore) => chore.run(),
        Chore::Tidy(chore) => chore.run(),
        Chore::Tools(chore) => chore.run(),
        Chore::Imagelock(command) => return command.run(&imagelock::Host::new(global)),
    };
    done.unwrap_or_else(|error| {
        shell::error(&error);
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_of_chores_stand_beside_those_of_all_commands() {
        for words in ["fuzz markers --at-once 2", "mutants --crate imagelock-yaml --at-once 2", "mutants --jobs 3"] {
            let parsed = Xtask::try_parse_from(["xtask"].into_iter().chain(words.split(' ')));
            assert!(parsed.is_ok(), "{words}: {}", parsed.err().map(|error| error.to_string()).unwrap_or_default());
        }
    }
}
