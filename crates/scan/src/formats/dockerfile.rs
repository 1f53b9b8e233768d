//! Where a Dockerfile names images: `FROM`, `COPY --from`, `RUN --mount=from=`, behind `ONBUILD` too, the frontend of
//! `# syntax=`, and defaults of `ARG`.
//!
//! The parser is somebody else's; its spans are bytes of the text. What a marker may be about besides, there is none:
//! a Dockerfile has comments only on lines of their own.

mod stages;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use imagelock_core::Reference;
use parse_dockerfile::{Flag, HereDoc, Instruction, Source, UnescapedString};

use self::stages::Stages;
use crate::comment::speaking;
use crate::{Format, Head, Lines, Named, Parsed, Says, Site, Sure, Unreadable, moved};

/// Dockerfiles and Containerfiles.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dockerfile;

impl Format for Dockerfile {
    fn id(&self) -> &'static str {
        "dockerfile"
    }

    fn about(&self) -> &'static str {
        "a Dockerfile"
    }

    fn claims(&self, path: &Named<'_>, _: &dyn Head) -> bool {
        path.file_name().is_some_and(is_dockerfile)
    }

    fn read(&self, text: &str) -> Result<Parsed, Unreadable> {
        // The parser's spans would be three bytes off where a byte order mark stands in front.
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let skipped = text.len() - body.len();
        let parsed = read(body).map_err(|error| Unreadable { at: moved(error.at, skipped), ..error })?;
        let sites = parsed.sites.into_iter().map(|site| site.moved(skipped)).collect();
        let comments = parsed.comments.into_iter().map(|comment| comment.moved(skipped)).collect();
        Ok(Parsed { sites, comments })
    }

    fn quote(&self, _: &str, new: &str) -> Option<String> {
        Some(new.to_owned())
    }
}

/// What a Dockerfile without a byte order mark has.
fn read(text: &str) -> Result<Parsed, Unreadable> {
    let lines = Lines::new(text);
    let parsed = parse_dockerfile::parse(text).map_err(|error| {
        let at = lines.range(error.line()).start + error.column().saturating_sub(1);
        let at = (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        Unreadable { reason: error.to_string(), at: at..at }
    })?;
    let mut reader = InstructionReader {
        text,
        lines: &lines,
        stages: BTreeSet::new(),
        built: Stages::default(),
        in_stage: false,
        later: false,
        arguments: BTreeMap::new(),
        sites: Vec::new(),
        hidden: Vec::new(),
    };
    if let Some(syntax) = &parsed.parser_directives.syntax {
        reader.place(syntax.value.span.clone(), Sure::Certain, "# syntax");
    }
    for instruction in &parsed.instructions {
        reader.instruction(instruction);
    }
    let InstructionReader { mut sites, hidden, built, .. } = reader;
    for site in built.building() {
        sites[site].builds = true;
    }
    sites.sort_by_key(|site| site.span().start);
    let hidden_at = |at: usize| {
        let after = hidden.partition_point(|span| span.start <= at);
        after > 0 && hidden[after - 1].contains(&at)
    };
    // `#` opens a comment only where a line starts.
    let mut comments = speaking(text, &lines, &["#"], hidden_at);
    comments.retain(|comment| comment.alone);
    Ok(Parsed { sites, comments })
}

/// Whether a file is a Dockerfile by its name, and not what BuildKit reads beside one: what is ignored, or a policy.
fn is_dockerfile(name: &str) -> bool {
    let name = name.to_lowercase();
    ["dockerfile", "containerfile"].iter().any(|kind| {
        let begins = name.strip_prefix(kind).is_some_and(|rest| {
            // `dockerfile_parser.py` is none.
            rest.is_empty() || rest.starts_with('.') || rest.starts_with(['-', '_']) && !rest.contains('.')
        });
        begins || name.strip_suffix(kind).is_some_and(|rest| rest.ends_with('.'))
    }) && ![".dockerignore", ".rego"].iter().any(|beside| name.ends_with(beside))
}

const COPY: &str = "COPY --from";

struct InstructionReader<'t> {
    text: &'t str,
    lines: &'t Lines,
    /// The names of stages so far: what is called like one is no image.
    stages: BTreeSet<String>,
    /// The same, with what is built on which.
    built: Stages,
    /// Whether a stage has begun: its arguments do not reach a later `FROM`.
    in_stage: bool,
    /// Whether the instruction is run by a build that starts from this image, which has stages of its own.
    later: bool,
    /// The arguments in front of the first stage, and which place has the default of each.
    arguments: BTreeMap<String, usize>,
    sites: Vec<Site>,
    /// The bytes of documents inside instructions, where `#` starts no comment.
    hidden: Vec<Range<usize>>,
}

impl InstructionReader<'_> {
    fn instruction(&mut self, instruction: &Instruction<'_>) {
        match instruction {
            // BuildKit refuses it behind `ONBUILD`.
            Instruction::From(_) if self.later => {}
            Instruction::From(from) => {
                let before = self.sites.len();
                self.image(&from.image, "FROM");
                let site = (self.sites.len() > before).then_some(before);
                let name = from.as_.as_ref().map(|(_, name)| &*name.value);
                self.built.begin(name, &from.image.value, site);
                self.stages.extend(from.as_.iter().map(|(_, name)| name.value.to_lowercase()));
                self.in_stage = true;
            }
            Instruction::Arg(arg) => self.values(&arg.arguments),
            Instruction::Copy(copy) => {
                self.options(&copy.options);
                self.hidden.extend(copy.src.iter().filter_map(document).map(|document| document.span.clone()));
            }
            Instruction::Add(add) => {
                self.hidden.extend(add.src.iter().filter_map(document).map(|document| document.span.clone()));
            }
            Instruction::Run(run) => {
                self.mounts(&run.options);
                self.hidden.extend(run.here_docs.iter().map(|document| document.span.clone()));
            }
            Instruction::Onbuild(onbuild) if !self.later => {
                self.later = true;
                self.instruction(&onbuild.instruction);
                self.later = false;
            }
            _ => {}
        }
    }

    fn image(&mut self, image: &UnescapedString<'_>, place: &str) {
        if self.literal(image) {
            self.place(image.span.clone(), Sure::Certain, place);
        } else {
            self.open(image.span.clone(), place);
        }
    }

    fn open(&mut self, span: Range<usize>, place: &str) {
        self.sites.push(Site::open(span, self.lines, self.named(place)));
    }

    /// What the place is called.
    fn named(&self, place: &str) -> String {
        if self.later { format!("ONBUILD {place}") } else { place.to_owned() }
    }

    fn options(&mut self, options: &[Flag<'_>]) {
        for value in options.iter().filter(|flag| flag.name.value == "from").filter_map(|flag| flag.value.as_ref()) {
            self.image(value, COPY);
            if !self.later {
                self.built.takes_from(&value.value);
            }
        }
    }

    /// `--mount=type=bind,from=IMAGE,target=…`.
    fn mounts(&mut self, options: &[Flag<'_>]) {
        for value in options.iter().filter(|flag| flag.name.value == "mount").filter_map(|flag| flag.value.as_ref()) {
            // BuildKit reads it as CSV, in which quotes may stand round a key and its value.
            if !self.literal(value) || value.value.contains('"') {
                if value.value.to_ascii_lowercase().contains("from") {
                    self.open(value.span.clone(), "RUN --mount");
                    self.built.takes_from("$");
                }
                continue;
            }
            let (mut start, mut from) = (value.span.start, None);
            for part in value.value.split(',') {
                let named = part.split_once('=').filter(|(key, _)| key.eq_ignore_ascii_case("from"));
                // The last one counts.
                from = named.map(|(_, image)| start + part.len() - image.len()..start + part.len()).or(from);
                start += part.len() + 1;
            }
            if let Some(span) = from {
                if let Some(written) = self.text.get(span.clone()).filter(|_| !self.later) {
                    self.built.takes_from(written);
                }
                self.place(span, Sure::Certain, "RUN --mount");
            }
        }
    }

    /// `NAME=value`, several of them, quoted or not.
    fn values(&mut self, arguments: &UnescapedString<'_>) {
        if !self.literal(arguments) {
            // Which of them it sets anew cannot be told: none of them decides a later `FROM`.
            if !self.in_stage {
                self.arguments.clear();
            }
            return;
        }
        let mut start = arguments.span.start;
        for word in arguments.value.split([' ', '\t', '\n', '\r']) {
            let end = start + word.len();
            if let Some((name, value)) = word.split_once('=') {
                let quote = ['"', '\'']
                    .into_iter()
                    .find(|quote| value.len() > 1 && value.starts_with(*quote) && value.ends_with(*quote));
                let inside = usize::from(quote.is_some());
                let before = self.sites.len();
                // The last of a name counts, whatever its value is.
                if !self.in_stage {
                    self.arguments.remove(name);
                }
                self.place(end - value.len() + inside..end - inside, Sure::Default, &format!("ARG {name}"));
                if !self.in_stage && self.sites.len() > before {
                    self.arguments.insert(name.to_owned(), before);
                }
            }
            start = end + 1;
        }
    }

    /// Whether the value is the text itself: one with escapes or broken lines is left alone.
    fn literal(&self, value: &UnescapedString<'_>) -> bool {
        self.text.get(value.span.clone()) == Some(&*value.value)
    }

    fn place(&mut self, mut span: Range<usize>, sure: Sure, place: &str) {
        let Some(mut written) = self.text.get(span.clone()) else { return };
        for quote in ['"', '\''] {
            if let Some(inside) = written.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
                span = span.start + 1..span.end - 1;
                written = inside;
                break;
            }
        }
        if written.contains('$') {
            if sure == Sure::Certain {
                self.variable(span, written, place);
            }
            return;
        }
        let is_stage = !self.later && self.stages.contains(&written.to_lowercase());
        // Only `COPY` takes a stage by its number.
        let is_number = place == COPY && !written.is_empty() && written.bytes().all(|byte| byte.is_ascii_digit());
        let is_image = sure == Sure::Certain || written.parse::<Reference>().is_ok();
        // A name without a tag may be a stage of the build that starts from this image.
        let sure = if self.later && !written.contains(['/', ':', '@']) { sure.min(Sure::Default) } else { sure };
        if is_image && !is_stage && !is_number && written != "scratch" {
            self.sites.push(Site::whole(span, written, sure, self.lines, self.named(place)));
        }
    }

    /// `FROM $BASE`: the default of the argument is what is built, unless somebody overrides it. Without one, the place
    /// is open.
    fn variable(&mut self, span: Range<usize>, written: &str, place: &str) {
        let name = written.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        let name = name.or_else(|| written.strip_prefix('$')).unwrap_or_default();
        match self.arguments.get(name).and_then(|index| self.sites.get_mut(*index)) {
            Some(argument) if matches!(argument.says, Says::Whole { .. }) => argument.sure = Sure::Certain,
            _ => self.open(span, place),
        }
    }
}

fn document<'d>(source: &'d Source<'_>) -> Option<&'d HereDoc<'d>> {
    match source {
        Source::HereDoc(document) => Some(document),
        _ => None,
    }
}
