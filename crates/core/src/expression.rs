//! Regular expressions that people write: bounded, and with their mistakes on one line.

use regex::Regex;

/// The most bytes of a regular expression when it is compiled.
const LARGEST: usize = 1 << 20;

/// Compiles an expression, or tells what is wrong with it.
pub(crate) fn bounded(text: &str) -> Result<Regex, String> {
    regex::RegexBuilder::new(text).size_limit(LARGEST).build().map_err(|error| reason(&error))
}

/// The reason of an error on one line; the library draws the expression above it.
fn reason(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
        error => {
            let drawn = error.to_string();
            let reason = drawn.rsplit_once("error: ").map_or(&*drawn, |(_, reason)| reason);
            reason.split_whitespace().collect::<Vec<_>>().join(" ")
        }
    }
}
