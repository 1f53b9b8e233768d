//! Text of any language: a value is a text in quotes, or a word.
//!
//! None is certain, so only a marker makes one an image. Only the values of lines that a marker may be about are places:
//! its own, or the next where it stands alone.

use std::collections::BTreeSet;
use std::ops::Range;

use imagelock_yaml::{is_typed, quoted, stays_text};

use super::yaml::is_yaml;
use crate::comment::speaking;
use crate::{Comment, Format, Head, Lines, Named, Parsed, Site, Sure, Unreadable};

/// What opens a comment, in all languages at once.
pub(crate) const OPENERS: &[&str] = &["<!--", "/*", "//", "--", "#", ";"];

const QUOTES: &[char] = &['"', '\'', '`'];

/// Text of any language.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain {
    /// What a word without quotes may be.
    pub words: Words,
}

/// What a word without quotes may be in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Words {
    /// A text, as in a shell or a Dockerfile.
    #[default]
    Text,
    /// What YAML makes of it: `1.10` is a number. Also where a template is of YAML.
    Yaml,
    /// Never a text: `1.9` is a number, and another one in the place of it is none that a tag means.
    Typed,
}

/// The ends of names of files whose languages tell numbers and texts apart, templates of them included.
const TYPED: &[&str] = &[
    "bazel",
    "bzl",
    "cjs",
    "cs",
    "cue",
    "dhall",
    "go",
    "gradle",
    "groovy",
    "hcl",
    "java",
    "js",
    "json",
    "json5",
    "jsonc",
    "jsonnet",
    "kt",
    "kts",
    "libsonnet",
    "lua",
    "mjs",
    "nix",
    "pkl",
    "py",
    "rb",
    "rs",
    "star",
    "tf",
    "tfvars",
    "toml",
    "ts",
];

impl Format for Plain {
    fn id(&self) -> &'static str {
        super::PLAIN
    }

    fn about(&self) -> &'static str {
        "text"
    }

    fn claims(&self, path: &Named<'_>, _: &dyn Head) -> bool {
        match self.words {
            Words::Text => true,
            Words::Yaml => is_yaml(path),
            Words::Typed => {
                let mut parts = path.file_name().unwrap_or_default().split('.').skip(1);
                parts.any(|part| TYPED.iter().any(|typed| typed.eq_ignore_ascii_case(part)))
            }
        }
    }

    fn read(&self, text: &str) -> Result<Parsed, Unreadable> {
        let lines = Lines::new(text);
        let comments = speaking(text, &lines, OPENERS, |_| false);
        let subjects: BTreeSet<usize> = comments.iter().map(Comment::subject).collect();
        let mut sites = Vec::new();
        let mut passed = 0;
        for line in subjects {
            let mut rest = lines.range(line);
            // Editors on Windows put a mark in front of the first line.
            if text[rest.clone()].starts_with('\u{feff}') {
                rest.start += '\u{feff}'.len_utf8();
            }
            rest.end = rest.start + text[rest.clone()].trim_end_matches(['\n', '\r']).len();
            while let Some(comment) = comments.get(passed).filter(|comment| comment.line <= line) {
                if comment.line == line {
                    // A comment may go on behind another's start, and hold it.
                    self.values(text, rest.start..comment.span.start.max(rest.start), &lines, &mut sites);
                    rest.start = comment.span.end.max(rest.start);
                }
                passed += 1;
            }
            self.values(text, rest, &lines, &mut sites);
        }
        Ok(Parsed { sites, comments })
    }

    fn quote(&self, before: &str, new: &str) -> Option<String> {
        let quote = QUOTES.iter().find(|quote| before.len() > 1 && before.starts_with(**quote));
        match quote {
            Some(quote) if new.contains(['\n', '\r', '\\', *quote]) => None,
            Some(quote) => Some(format!("{quote}{new}{quote}")),
            // What stands behind `KEY=` in a text of YAML's is a part of that text: quotes would be, too.
            None if self.words == Words::Yaml && before.starts_with('=') => Some(format!("={new}")),
            // A word of YAML must not become a number: `1.9` goes on to `1.10`.
            None if self.words == Words::Yaml && before != new && !stays_text(new) => Some(quoted(new)),
            None if self.words == Words::Typed && before != new && is_typed(before) => None,
            None => Some(new.to_owned()),
        }
    }
}

impl Plain {
    /// The values of a piece of a line: what stands in quotes, and the words between.
    fn values(self, text: &str, piece: Range<usize>, lines: &Lines, sites: &mut Vec<Site>) {
        let mut at = piece.start;
        while at < piece.end {
            // An apostrophe opens nothing: what is a quote has its other one.
            let rest = &text[at..piece.end];
            let closed = rest.match_indices(QUOTES).find_map(|(open, quote)| {
                let inside = open + quote.len();
                Some((open, quote.len(), rest[inside..].find(quote)?))
            });
            let Some((open, quote, length)) = closed else { break };
            let inside = at + open + quote;
            self.words(text, at..at + open, lines, sites);
            let end = inside + length + quote;
            // `"image": "…"`: the first is a key.
            let is_key = text[end..piece.end].trim_start_matches([' ', '\t']).starts_with(':');
            if !is_key {
                let whole = Site::whole(at + open..end, &text[inside..inside + length], Sure::Possible, lines, "");
                // `"--image=…"`: a reference among others in one text is what a marker is about.
                let mut within = Vec::new();
                if whole.reference().is_none() {
                    words(text, inside..inside + length, |span, word| {
                        within.extend(Some(Site::whole(span, word, Sure::Possible, lines, "")).filter(is_formed));
                    });
                }
                sites.extend(if within.is_empty() { vec![whole] } else { within });
            }
            at = end;
        }
        self.words(text, at..piece.end.max(at), lines, sites);
    }

    /// The words of a text without quotes.
    fn words(self, text: &str, piece: Range<usize>, lines: &Lines, sites: &mut Vec<Site>) {
        let line = lines.range(lines.of(piece.start));
        words(text, piece, |span, word| {
            let before = &text[line.start..span.start];
            if self.words == Words::Yaml && before.ends_with('=') {
                sites.push(Site::whole(span.start - 1..span.end, word, Sure::Possible, lines, ""));
                return;
            }
            let site = Site::whole(span.clone(), word, Sure::Possible, lines, "");
            if self.words != Words::Yaml || is_formed(&site) || is_alone(before, &text[span.end..line.end]) {
                sites.push(site);
            }
        });
    }
}

/// Whether a place says a reference with more than a name in it.
fn is_formed(site: &Site) -> bool {
    site.reference().is_some() && site.text().is_some_and(|text| text.contains(['/', ':', '@']))
}

/// Whether a word is a whole value of YAML, by what stands before and behind it on its line: a part of one cannot be put
/// into quotes.
fn is_alone(before: &str, behind: &str) -> bool {
    let (before, behind) = (before.trim_matches([' ', '\t', '\u{feff}']), behind.trim_start());
    let in_flow = before.contains(['[', '{']);
    let starts = before.ends_with(':') || before.chars().all(|c| matches!(c, '-' | '?' | ' ' | '\t'));
    let ends = behind.is_empty() || behind.starts_with('#');
    (starts || in_flow && before.ends_with(['[', '{', ','])) && (ends || in_flow && behind.starts_with([',', ']', '}']))
}

/// Finds the words of a text, each without its key and without the punctuation round it.
fn words(text: &str, piece: Range<usize>, mut found: impl FnMut(Range<usize>, &str)) {
    let mut at = piece.start;
    for part in text[piece].split_inclusive([' ', '\t', '(', ')', ',', ';', '=', '<', '>', '{', '}']) {
        let trimmed = part.trim_end_matches([' ', '\t', '(', ')', ',', ';', '<', '>', '{', '}']);
        // `KEY=` and `key:` are keys, and `call(` is a function.
        if !trimmed.is_empty() && !trimmed.ends_with(['=', ':']) && !part.ends_with('(') {
            found(at..at + trimmed.len(), trimmed);
        }
        at += part.len();
    }
}
