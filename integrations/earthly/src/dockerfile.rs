//! Where a Dockerfile names images, for those that `FROM DOCKERFILE` builds: Earthly hands them to BuildKit without
//! named contexts and without a source policy, so a pin can only stand in the Dockerfile itself.
//!
//! The parser is somebody else's; its spans are bytes of the text.

use std::collections::BTreeSet;
use std::ops::Range;

use imagelock_core::Reference;
use parse_dockerfile::{Flag, HereDoc, Instruction, Source, UnescapedString};

use crate::lexer::Comment;
use crate::places::{Kind, Place};

/// What is no Dockerfile, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DockerfileError {
    /// What the parser says.
    pub message: String,
    /// The byte where it stopped.
    pub at: usize,
}

/// Whether a file's name is a Dockerfile's.
pub fn is_dockerfile(name: &str) -> bool {
    ["Dockerfile", "Containerfile"].iter().any(|kind| {
        name == *kind || name.starts_with(&format!("{kind}.")) || name.to_lowercase().ends_with(&kind.to_lowercase())
    })
}

/// The places of a Dockerfile, and its comments.
pub fn read(text: &str) -> Result<(Vec<Place>, Vec<Comment>), DockerfileError> {
    let parsed = parse_dockerfile::parse(text).map_err(|error| {
        let before = text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
        DockerfileError { message: error.to_string(), at: (before + error.column().saturating_sub(1)).min(text.len()) }
    })?;
    let mut reader = Reader { text, stages: BTreeSet::new(), places: Vec::new(), hidden: Vec::new() };
    for instruction in &parsed.instructions {
        reader.instruction(instruction);
    }
    let comments = comments(text, &reader.hidden);
    Ok((reader.places, comments))
}

struct Reader<'t> {
    text: &'t str,
    /// The names of stages so far: what is called like one is no image.
    stages: BTreeSet<String>,
    places: Vec<Place>,
    /// The bytes of documents inside instructions, where `#` starts no comment.
    hidden: Vec<Range<usize>>,
}

impl Reader<'_> {
    fn instruction(&mut self, instruction: &Instruction<'_>) {
        match instruction {
            Instruction::From(from) => {
                self.image(&from.image);
                self.stages.extend(from.as_.iter().map(|(_, name)| name.value.to_lowercase()));
            }
            Instruction::Arg(arg) => self.values(&arg.arguments),
            Instruction::Copy(copy) => {
                self.options(&copy.options, "from");
                self.hidden.extend(copy.src.iter().filter_map(document).map(|document| document.span.clone()));
            }
            Instruction::Add(add) => {
                self.hidden.extend(add.src.iter().filter_map(document).map(|document| document.span.clone()));
            }
            Instruction::Run(run) => {
                self.mounts(&run.options);
                self.hidden.extend(run.here_docs.iter().map(|document| document.span.clone()));
            }
            _ => {}
        }
    }

    fn image(&mut self, image: &UnescapedString<'_>) {
        if self.literal(image) {
            self.place(image.span.clone(), Kind::Image);
        }
    }

    fn options(&mut self, options: &[Flag<'_>], name: &str) {
        for value in options.iter().filter(|flag| flag.name.value == name).filter_map(|flag| flag.value.as_ref()) {
            self.image(value);
        }
    }

    /// `--mount=type=bind,from=IMAGE,target=…`.
    fn mounts(&mut self, options: &[Flag<'_>]) {
        for value in options.iter().filter(|flag| flag.name.value == "mount").filter_map(|flag| flag.value.as_ref()) {
            if !self.literal(value) {
                continue;
            }
            let mut start = value.span.start;
            for part in value.value.split(',') {
                if let Some(image) = part.strip_prefix("from=") {
                    self.place(start + part.len() - image.len()..start + part.len(), Kind::Image);
                }
                start += part.len() + 1;
            }
        }
    }

    /// `NAME=value`, several of them, quoted or not.
    fn values(&mut self, arguments: &UnescapedString<'_>) {
        if !self.literal(arguments) {
            return;
        }
        let mut start = arguments.span.start;
        for word in arguments.value.split([' ', '\t', '\n', '\r']) {
            let end = start + word.len();
            if let Some((_, value)) = word.split_once('=') {
                let quote = ['"', '\'']
                    .into_iter()
                    .find(|quote| value.len() > 1 && value.starts_with(*quote) && value.ends_with(*quote));
                let inside = usize::from(quote.is_some());
                self.place(end - value.len() + inside..end - inside, Kind::Value);
            }
            start = end + 1;
        }
    }

    /// Whether the value is the text itself: one with escapes or broken lines is left alone.
    fn literal(&self, value: &UnescapedString<'_>) -> bool {
        self.text.get(value.span.clone()) == Some(&*value.value)
    }

    fn place(&mut self, span: Range<usize>, kind: Kind) {
        let Some(written) = self.text.get(span.clone()) else { return };
        let is_stage = self.stages.contains(&written.to_lowercase());
        let is_number = !written.is_empty() && written.bytes().all(|byte| byte.is_ascii_digit());
        let Ok(reference) = written.parse::<Reference>() else { return };
        if is_stage || is_number || written == "scratch" {
            return;
        }
        let line = self.text[..span.start].matches('\n').count();
        self.places.push(Place { span, line, kind, reference });
    }
}

fn document<'d>(source: &'d Source<'_>) -> Option<&'d HereDoc<'d>> {
    match source {
        Source::HereDoc(document) => Some(document),
        _ => None,
    }
}

/// Lines that are comments, also those between the lines of an instruction.
fn comments(text: &str, hidden: &[Range<usize>]) -> Vec<Comment> {
    let (mut comments, mut start) = (Vec::new(), 0);
    for (line, content) in text.split_inclusive('\n').enumerate() {
        let written = content.trim_end_matches(['\n', '\r']);
        let at = start + written.len() - written.trim_start().len();
        if written.trim_start().starts_with('#') && !hidden.iter().any(|span| span.contains(&at)) {
            comments.push(Comment { span: at..start + written.len(), line, alone: true });
        }
        start += content.len();
    }
    comments
}
