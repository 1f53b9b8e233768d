//! What `post-render --strict` lets through, Go's readers of YAML read as pinned: a differential test against a program
//! of this repository, `tests/go/yamloracle`, which answers with all the images that kubectl, Helm and a decoder of
//! whole streams see.
//!
//! The seed is fixed. `IMAGELOCK_YAML_CASES` asks for more manifests than the few hundred of every run, and
//! `IMAGELOCK_YAML_SEED` for others; `IMAGELOCK_YAML_SHOW` shows what is refused although Go reads it.

#![allow(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod generate;
mod writer;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use imagelock_core::source::SourceFile;
use imagelock_edit::testing::{digest, lock, with_context};
use imagelock_kubernetes::post_render;

use generate::{Dice, manifest};

/// The manifests of every run.
const CASES: usize = 500;
const SEED: u64 = 20_261_129;
/// The readers that the program has.
const READERS: u64 = 3;

/// The program that reads as Kubernetes does.
struct Oracle {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What it reads in a stream of manifests.
struct Read {
    images: Vec<String>,
    /// How many of its three readers read all of the stream.
    readers: u64,
}

impl Oracle {
    fn start(program: &camino::Utf8Path) -> Self {
        let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (questions, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, questions, answers }
    }

    fn ask(&mut self, manifests: &str) -> Read {
        let question = serde_json::Value::from(manifests).to_string();
        self.questions.write_all(format!("{question}\n").as_bytes()).unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let answer: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let images = answer["images"].as_array().unwrap().iter().map(|image| image.as_str().unwrap().to_owned());
        Read { images: images.collect(), readers: answer["readers"].as_u64().unwrap() }
    }

    fn stop(mut self) {
        drop(self.questions);
        assert!(self.child.wait().unwrap().success());
    }
}

/// What became of the manifests.
#[derive(Debug, Default)]
struct Tally {
    /// Let through, with images in them.
    pinned: usize,
    /// Let through, with none.
    without_images: usize,
    /// Refused for an image that the lock does not have.
    unknown: usize,
    /// Refused, and Go reads an image in it that the lock does not have.
    refused_with_unknown: usize,
    /// Refused, and each of Go's readers reads it, with no such image.
    refused_needlessly: usize,
    /// Refused by us and by one of Go's readers.
    refused_by_both: usize,
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().map_or(default, |value| value.parse().unwrap())
}

#[test]
fn what_strict_lets_through_runs_nothing_but_locked_digests() {
    let program = imagelock_tests::need!("yamloracle");
    let (cases, seed) = (number("IMAGELOCK_YAML_CASES", CASES as u64), number("IMAGELOCK_YAML_SEED", SEED));
    let mut oracle = Oracle::start(&program);
    let locked = lock(&[("web", generate::LOCKED, 'a')]);
    let pinned = format!("{}@{}", generate::LOCKED, digest('a'));
    let show = std::env::var_os("IMAGELOCK_YAML_SHOW").is_some();
    let (mut tally, mut escaped) = (Tally::default(), Vec::new());
    for case in 0..cases {
        let text = manifest(&mut Dice::new(seed.wrapping_add(case)));
        let rendered = with_context(&locked, |context| post_render(&SourceFile::new("", text.as_str()), context, &[]));
        match rendered {
            // As with `--strict`: whatever is kept fails the run.
            Ok(rendered) if !rendered.kept.is_empty() => tally.unknown += 1,
            Ok(rendered) => {
                let read = oracle.ask(&rendered.text);
                if read.images.iter().any(|image| *image != pinned) {
                    escaped.push(format!("case {case}: {:?}\n{text:?}", read.images));
                }
                *(if read.images.is_empty() { &mut tally.without_images } else { &mut tally.pinned }) += 1;
            }
            Err(error) => {
                let read = oracle.ask(&text);
                let strange = read.images.iter().any(|image| *image != generate::LOCKED && *image != pinned);
                if show && !strange && read.readers == READERS {
                    drop(writeln!(std::io::stderr(), "{error}\n{text:?}"));
                }
                *(match (strange, read.readers) {
                    (true, _) => &mut tally.refused_with_unknown,
                    (false, READERS) => &mut tally.refused_needlessly,
                    (false, _) => &mut tally.refused_by_both,
                }) += 1;
            }
        }
    }
    oracle.stop();
    drop(writeln!(std::io::stderr(), "{cases} manifests from seed {seed}: {tally:?}"));
    assert!(escaped.is_empty(), "{} let through:\n{}", escaped.len(), escaped.join("\n"));
    // The test would be worth nothing if nothing were let through, or if nothing had to be refused.
    let few = usize::try_from(cases).unwrap() / 20;
    assert!(tally.pinned > few && tally.unknown > few, "{tally:?}");
}
