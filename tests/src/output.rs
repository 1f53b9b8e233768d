//! What a run of `imagelock` did, and the transcript of it that tests compare.

use std::fmt;

use camino::Utf8Path;
use regex::{Captures, Regex};

/// The end of one run. Check it with [`Output::success`] or [`Output::exit`], or compare its transcript: `Display`
/// writes the exit code and both streams, with everything that differs between two runs replaced.
pub struct Output {
    /// What was run, for messages.
    pub(crate) command: String,
    /// The exit code; a process that a signal ended has none.
    pub(crate) code: Option<i32>,
    /// Standard output as it was written.
    pub stdout: String,
    /// Standard error as it was written.
    pub stderr: String,
    /// Texts of this run and what the transcript has in their place.
    pub(crate) masks: Vec<(String, String)>,
}

impl Output {
    /// Asserts that the run ended with exit code 0.
    #[expect(clippy::return_self_not_must_use, reason = "to assert is enough")]
    #[track_caller]
    pub fn success(self) -> Self {
        self.exit(0)
    }

    /// Asserts that the run ended with this exit code.
    #[expect(clippy::return_self_not_must_use, reason = "to assert is enough")]
    #[track_caller]
    pub fn exit(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "`{}` ended otherwise:\n{}{}", self.command, self.stdout, self.stderr);
        self
    }

    pub(crate) fn mask_folder(masks: &mut Vec<(String, String)>, folder: &Utf8Path, name: &str) {
        masks.push((folder.to_string(), format!("[{name}]")));
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => writeln!(f, "exit: {code}")?,
            None => writeln!(f, "exit: killed")?,
        }
        let mut filter = Filter::default();
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                writeln!(f, "----- {name} -----")?;
                writeln!(f, "{}", filter.apply(text, &self.masks).trim_end())?;
            }
        }
        Ok(())
    }
}

/// Replaces ports, digests and durations. Digests are numbered as they appear, so that a transcript still shows
/// which of them are the same.
#[derive(Default)]
struct Filter {
    digests: Vec<String>,
}

impl Filter {
    fn apply(&mut self, text: &str, masks: &[(String, String)]) -> String {
        let mut text = text.to_owned();
        for (from, to) in masks {
            text = text.replace(from, to);
        }
        text = replace(&text, r"(?:127\.0\.0\.1|localhost|\[::1\]):\d+", |_| "[REGISTRY]".to_owned());
        text = replace(&text, r"\b\d+(?:\.\d+)? ?(?:ms|s)\b", |_| "[TIME]".to_owned());
        replace(&text, r"(sha256:)?\b([0-9a-f]{64}|[0-9a-f]{12})\b", |found| {
            let number = self.number(&found[2][..12]);
            format!("{}[{number}]", found.get(1).map_or("", |prefix| prefix.as_str()))
        })
    }

    fn number(&mut self, short: &str) -> usize {
        let known = self.digests.iter().position(|digest| digest == short);
        1 + known.unwrap_or_else(|| {
            self.digests.push(short.to_owned());
            self.digests.len() - 1
        })
    }
}

fn replace(text: &str, pattern: &str, by: impl FnMut(&Captures<'_>) -> String) -> String {
    Regex::new(pattern).expect("the pattern is well formed").replace_all(text, by).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_differs_only_where_behaviour_does() {
        let digest = "a1".repeat(32);
        let output = Output {
            command: "imagelock lock".to_owned(),
            code: Some(3),
            stdout: String::new(),
            stderr: format!(
                "Locked 127.0.0.1:40123/a@sha256:{digest} in 0.31s\n  {} /tmp/x1/images.toml sha256:{}\n",
                &digest[..12],
                "b2".repeat(6),
            ),
            masks: vec![("/tmp/x1".to_owned(), "[ROOT]".to_owned())],
        };
        assert_eq!(
            output.to_string(),
            "exit: 3\n----- stderr -----\nLocked [REGISTRY]/a@sha256:[1] in [TIME]\n  [1] [ROOT]/images.toml sha256:[2]\n"
        );
    }

    #[test]
    #[should_panic(expected = "`imagelock lock` ended otherwise")]
    fn another_exit_code_fails_the_test() {
        let (stdout, stderr) = (String::new(), String::new());
        drop(
            Output { command: "imagelock lock".to_owned(), code: Some(1), stdout, stderr, masks: Vec::new() }.success(),
        );
    }
}
