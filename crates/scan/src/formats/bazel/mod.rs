//! Where Bazel's files pull images: `oci.pull`, `oci_pull`, `container_pull` and the `pull` of rules_img, whose arguments
//! hold a reference in parts, and the `container-image` of a platform.
//!
//! Loops, macros and what is put together from several values are open; a name that the file gives one text reads as it.

mod lexer;

use std::collections::BTreeMap;
use std::ops::Range;

use imagelock_yaml::quoted;

use self::lexer::{Kind, Token, lex};
use super::paths::in_order;
use super::table::with_algorithm;
use crate::comment::speaking;
use crate::{Format, Head, Lines, Named, Parsed, Parts, Piece, Room, Says, Site, Sure, Unreadable};

/// Files of Bazel, in Starlark.
#[derive(Clone, Copy, Debug, Default)]
pub struct Bazel;

/// The calls that pull an image.
const PULLS: &[&str] = &["pull", "oci_pull", "container_pull", "docker_pull", "img_pull"];

impl Format for Bazel {
    fn id(&self) -> &'static str {
        "bazel"
    }

    fn about(&self) -> &'static str {
        "a file of Bazel"
    }

    fn claims(&self, path: &Named<'_>, _: &dyn Head) -> bool {
        let name = path.file_name().unwrap_or_default();
        matches!(path.extension(), Some("bazel" | "bzl" | "bzlmod")) || matches!(name, "BUILD" | "WORKSPACE")
    }

    fn read(&self, text: &str) -> Result<Parsed, Unreadable> {
        let lines = Lines::new(text);
        let (tokens, comments) = lex(text);
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let (closes, names) = (closes(&tokens), names(&tokens));
        let reader = CallReader { lines: &lines, newline, tokens: &tokens, closes, names };
        let hidden = |at: usize| comments.binary_search_by_key(&at, |comment| comment.start).is_err();
        Ok(Parsed { sites: in_order(reader.sites()), comments: speaking(text, &lines, &["#"], hidden) })
    }

    fn quote(&self, before: &str, new: &str) -> Option<String> {
        let quote = before.chars().last().filter(|quote| matches!(quote, '"' | '\''))?;
        Some(if quote == '\'' && !new.contains(['\'', '\\', '\n']) { format!("'{new}'") } else { quoted(new) })
    }
}

/// The names that stand for one text each: `VERSION = "1"` where a statement starts.
fn names<'t>(tokens: &[Token<'t>]) -> BTreeMap<&'t str, Option<&'t str>> {
    let mut names: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Sign('(' | '[' | '{') => depth += 1,
            Kind::Sign(')' | ']' | '}') => depth = depth.saturating_sub(1),
            Kind::Word(name) if depth == 0 && is_sign(tokens.get(index + 1), '=') => {
                let value = tokens.get(index + 2).and_then(|value| match value.kind {
                    Kind::Text(text) if !goes_on(tokens.get(index + 3)) => text,
                    _ => None,
                });
                names.entry(name).and_modify(|value| *value = None).or_insert(value);
            }
            _ => {}
        }
    }
    names
}

/// Whether what follows a value makes another one of it.
fn goes_on(next: Option<&Token<'_>>) -> bool {
    next.is_some_and(|next| matches!(next.kind, Kind::Sign('+' | '%' | '.' | '[') | Kind::Text(_)))
}

fn is_sign(token: Option<&Token<'_>>, sign: char) -> bool {
    token.is_some_and(|token| token.kind == Kind::Sign(sign))
}

/// Where the brackets close: found once, so that calls inside of calls take no longer than others.
fn closes(tokens: &[Token<'_>]) -> Vec<usize> {
    let (mut closes, mut open) = (vec![tokens.len(); tokens.len()], Vec::new());
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Sign('(' | '[' | '{') => open.push(index),
            Kind::Sign(')' | ']' | '}') => {
                if let Some(opened) = open.pop() {
                    closes[opened] = index;
                }
            }
            _ => {}
        }
    }
    closes
}

struct CallReader<'r, 't> {
    lines: &'r Lines,
    /// What ends its lines.
    newline: &'static str,
    tokens: &'r [Token<'t>],
    /// Where each bracket that opens is closed; the end of the tokens where it is not.
    closes: Vec<usize>,
    names: BTreeMap<&'t str, Option<&'t str>>,
}

/// What an argument is.
enum Argument<'t> {
    /// A text, with its bytes.
    Literal(Piece),
    /// Something else, and what it reads as where that is known.
    Open(Range<usize>, Option<&'t str>),
}

impl<'t> CallReader<'_, 't> {
    fn sites(&self) -> Vec<Site> {
        let mut sites = Vec::new();
        for (index, token) in self.tokens.iter().enumerate() {
            let next = self.tokens.get(index + 1);
            let defined = index > 0 && self.tokens[index - 1].kind == Kind::Word("def");
            match token.kind {
                Kind::Word(name) if PULLS.contains(&name) && is_sign(next, '(') && !defined => {
                    sites.extend(self.pull(self.called(index), index + 2));
                }
                Kind::Text(Some("container-image")) if is_sign(next, ':') => sites.extend(self.platform(index + 2)),
                _ => {}
            }
        }
        sites
    }

    /// What is called, with what it belongs to: `oci.pull`.
    fn called(&self, index: usize) -> String {
        let Kind::Word(name) = self.tokens[index].kind else { return String::new() };
        let owner =
            index.checked_sub(2).filter(|_| is_sign(self.tokens.get(index - 1), '.')).map(|owner| &self.tokens[owner]);
        match owner.map(|owner| &owner.kind) {
            Some(Kind::Word(owner)) => format!("{owner}.{name}"),
            _ => name.to_owned(),
        }
    }

    /// The image of a call whose arguments start at a token.
    fn pull(&self, called: String, start: usize) -> Option<Site> {
        let mut arguments = self.arguments(start);
        let room = self.room(&called, start, &arguments);
        let name = match arguments.remove("name") {
            Some(Argument::Literal(name)) => format!("{called} {}", name.text),
            _ => called,
        };
        let repository = arguments.remove("image").or_else(|| arguments.remove("repository"))?;
        let mut take = |key: &str| arguments.remove(key);
        let parts = [take("registry"), Some(repository), take("tag"), take("digest")];
        if parts.iter().flatten().all(|part| matches!(part, Argument::Literal(_))) {
            let [registry, repository, tag, digest] = parts.map(|part| match part? {
                Argument::Literal(piece) => Some(piece),
                Argument::Open(..) => None,
            });
            let digest = digest.map(with_algorithm);
            let parts = Parts { registry, repository, tag, digest, room };
            return Some(Site::parts(parts, Sure::Certain, self.lines, name));
        }
        // The repository is where the place is told, and what every part reads as makes its default.
        let span = match &parts[1] {
            Some(Argument::Literal(Piece { span, .. }) | Argument::Open(span, _)) => span.clone(),
            None => return None,
        };
        let known = parts.iter().flatten().all(|part| !matches!(part, Argument::Open(_, None)));
        let [registry, repository, tag, digest] = parts.map(|part| match part? {
            Argument::Literal(piece) => Some(piece),
            Argument::Open(span, value) => Some(Piece { span, text: value?.to_owned() }),
        });
        let parts = Parts { registry, repository, tag, digest, room };
        let default = parts.text().parse().ok().filter(|_| known);
        let line = self.lines.of(span.start);
        let says = Says::Open { span, default, given: false };
        Some(Site { says, sure: Sure::Certain, line, place: name, builds: false })
    }

    /// Where the digest of a call can be written.
    fn room(&self, called: &str, start: usize, arguments: &BTreeMap<&'t str, Argument<'t>>) -> Room {
        if matches!(called, "container_pull" | "docker_pull") {
            return Room::Closed("it takes the manifest of one platform, and no index: pull with `oci.pull`");
        }
        if arguments.contains_key("reproducible") {
            return Room::Closed("`reproducible` does not go with a tag and a digest: take it away");
        }
        let span = |key: &str| match arguments.get(key)? {
            Argument::Literal(Piece { span, .. }) | Argument::Open(span, _) => Some(span.clone()),
        };
        if let Some(digest) = span("digest") {
            let comma = self.tokens[start..].iter().take_while(|token| token.span.end <= digest.start);
            let comma = comma.filter(|token| token.kind == Kind::Sign(',')).last().map(|comma| comma.span.start);
            return match comma {
                Some(comma) => Room::Key { at: comma..digest.end, before: String::new() },
                None => Room::Own(""),
            };
        }
        let Some(beside) = ["tag", "image", "repository"].iter().find_map(|key| span(key)) else {
            return Room::default();
        };
        // An argument that starts its line gets another one below it.
        let line = self.lines.range(self.lines.of(beside.start)).start;
        let first = self.tokens.partition_point(|token| token.span.start < line);
        let first = self.tokens.get(first).map_or(line, |token| token.span.start);
        // In front of the value stand the name and the sign.
        let name = self.tokens.partition_point(|token| token.span.end <= beside.start).checked_sub(2);
        let is_first = name.is_some_and(|name| self.tokens[name].span.start == first);
        let indent = " ".repeat(first - line);
        let before = if is_first { format!(",{}{indent}digest = ", self.newline) } else { ", digest = ".to_owned() };
        Room::Key { at: beside.end..beside.end, before }
    }

    /// The named arguments of a call, up to its bracket.
    fn arguments(&self, start: usize) -> BTreeMap<&'t str, Argument<'t>> {
        let mut arguments = BTreeMap::new();
        let mut at = start;
        while let Some(token) = self.tokens.get(at) {
            if matches!(token.kind, Kind::Sign(')' | ']' | '}')) {
                break;
            }
            let end = self.end(at);
            if let Kind::Word(name) = token.kind
                && is_sign(self.tokens.get(at + 1), '=')
                && end > at + 2
            {
                arguments.insert(name, self.argument(at + 2..end));
            }
            at = if is_sign(self.tokens.get(end), ',') { end + 1 } else { end };
        }
        arguments
    }

    /// Where an argument ends: at a comma or a bracket that is not inside of it.
    fn end(&self, start: usize) -> usize {
        let mut at = start;
        while let Some(token) = self.tokens.get(at) {
            match token.kind {
                Kind::Sign('(' | '[' | '{') => at = self.closes[at],
                Kind::Sign(')' | ']' | '}' | ',') => return at,
                _ => {}
            }
            at += 1;
        }
        self.tokens.len()
    }

    fn argument(&self, tokens: Range<usize>) -> Argument<'t> {
        let all = &self.tokens[tokens];
        let span = all[0].span.start..all[all.len() - 1].span.end;
        match all {
            [Token { kind: Kind::Text(Some(text)), .. }] => Argument::Literal(Piece { span, text: (*text).to_owned() }),
            [Token { kind: Kind::Word(name), .. }] => Argument::Open(span, self.names.get(name).copied().flatten()),
            _ => Argument::Open(span, None),
        }
    }

    /// `"container-image": "docker://a:1"`.
    fn platform(&self, index: usize) -> Option<Site> {
        let token = self.tokens.get(index)?;
        let Kind::Text(Some(text)) = token.kind else { return None };
        let is_image = text.starts_with("docker://") && !goes_on(self.tokens.get(index + 1));
        is_image.then(|| Site::whole(token.span.clone(), text, Sure::Certain, self.lines, "container-image"))
    }
}
