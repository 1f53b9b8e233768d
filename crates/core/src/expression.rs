//! Regular expressions that people write: bounded, and with their mistakes on one line.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use regex::Regex;

/// The most bytes of a regular expression when it is compiled.
const LARGEST: usize = 1 << 20;
/// How many compiled ones are kept: a project has a few, and each of them for many images.
const KEPT: usize = 64;

/// Compiles an expression, or tells what is wrong with it. Each rule stands in the project file and in the lock, and often for
/// many images, while compiling it takes longer than a list of tags: so the last ones are kept.
pub(crate) fn bounded(text: &str) -> Result<Regex, String> {
    static COMPILED: OnceLock<Mutex<HashMap<String, Regex>>> = OnceLock::new();
    let mut compiled = COMPILED.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = compiled.get(text) {
        return Ok(regex.clone());
    }
    let regex = regex::RegexBuilder::new(text).size_limit(LARGEST).build().map_err(|error| reason(&error))?;
    if compiled.len() >= KEPT {
        compiled.clear();
    }
    compiled.insert(text.to_owned(), regex.clone());
    Ok(regex)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_compiled_once_and_the_ones_that_are_kept_are_few() {
        for number in 0..3 * KEPT {
            let text = format!("^{number}$");
            assert!(bounded(&text).unwrap().is_match(&number.to_string()));
            assert!(!bounded(&text).unwrap().is_match("x"), "the second is the first");
        }
        assert!(bounded("(").unwrap_err().contains("unclosed group"));
        assert!(bounded("(").is_err(), "what is none stays none");
    }
}
