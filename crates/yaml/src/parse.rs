//! From the parser's events to nodes.
//!
//! A file is read by several parsers in its life: by this one, by Go's where it is used, and there the rules
//! are those of YAML 1.1. What they would read differently is refused here, so that nothing which a gate lets through
//! means something else behind it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use granit_parser::{Event, Options, Parser, ScalarStyle, Span, StructureStyle, Tag};

use crate::{Anchor, Entry, Kind, Node, Style, YamlError};

/// The longest text that is read, in bytes: 64 MiB. All manifests of a large cluster are a tenth of it.
pub const MOST_BYTES: usize = 64 << 20;

/// The most values that a text may have: as many as 64 MiB of manifests have. Short ones in a text of this length would
/// take gigabytes.
pub const MOST_VALUES: usize = 4_000_000;

/// How long a text may be, and how many values it may have.
#[derive(Clone, Copy)]
struct Limits {
    bytes: usize,
    values: usize,
}

const LIMITS: Limits = Limits { bytes: MOST_BYTES, values: MOST_VALUES };

/// No manifest is nested deeper than this; a text that is was written to exhaust the stack.
const DEEPEST: usize = 100;

/// Comments in a row are bounded by the text alone.
const COMMENTS: usize = MOST_BYTES;

const BOM: &str = "\u{feff}";

/// Line breaks of YAML 1.1 that are none of YAML 1.2: behind one of them, Go's parser starts a new line.
const OLD_BREAKS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

/// What a text consists of.
#[derive(Clone, Debug, Default)]
pub struct Parsed {
    /// Its documents; one of comments alone is none.
    pub documents: Vec<Node>,
    /// The bytes of its comments, from `#` to the end of the line, in their order.
    pub comments: Vec<Range<usize>>,
}

/// The documents of a text; a document of comments alone is none.
///
/// Refused, beside what is no YAML: what is longer than [`MOST_BYTES`], has more than [`MOST_VALUES`] values, or is
/// nested deeper than 100 levels; a key that is a list, a mapping or `!!binary`; and outside of quotes the line breaks
/// of YAML 1.1 that YAML 1.2 takes for text.
pub fn parse(text: &str) -> Result<Vec<Node>, YamlError> {
    build(text, false, LIMITS).map(|parsed| parsed.documents)
}

/// The documents of a text and its comments; refuses what [`parse`] refuses.
pub fn read(text: &str) -> Result<Parsed, YamlError> {
    build(text, true, LIMITS)
}

fn build(text: &str, comments: bool, limits: Limits) -> Result<Parsed, YamlError> {
    if text.len() > limits.bytes {
        let reason = format!("it has {} bytes, and at most {} are read", text.len(), limits.bytes);
        return Err(YamlError { reason, at: 0..0 });
    }
    // The parser takes the mark for a part of the document where a comment follows.
    let body = text.strip_prefix(BOM).unwrap_or(text);
    let mut builder = Builder {
        text: body,
        skipped: text.len() - body.len(),
        parsed: Parsed::default(),
        open: Vec::new(),
        scalars: BTreeMap::new(),
        keys: BTreeSet::new(),
        old_breaks: !body.is_ascii() && body.contains(OLD_BREAKS),
        quoted: Vec::new(),
        left: limits.values,
        limits,
        after: 0,
    };
    for event in Parser::new_from_str_with_options(body, options(comments)) {
        match event {
            Ok((event, span)) => builder.event(event, &span)?,
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(body.len());
                return Err(builder.error(error.info(), at..at));
            }
        }
    }
    builder.refuse_old_breaks()?;
    Ok(builder.parsed)
}

fn options(comments: bool) -> Options {
    let mut options = granit_parser::options! {
        max_buffered_comment_events: COMMENTS,
        flow_nesting_limit: DEEPEST,
        block_nesting_limit: DEEPEST,
    };
    options.set_emit_comments(comments);
    options
}

/// The number of an anchor; the parser says 0 where there is none.
fn numbered(anchor: usize) -> Option<usize> {
    (anchor > 0).then_some(anchor)
}

/// A collection whose end has not come yet.
struct Open {
    node: Node,
    /// The key that waits for its value.
    key: Option<(String, Range<usize>)>,
    /// Whether it is written with brackets or braces.
    flow: bool,
}

struct Builder<'t> {
    text: &'t str,
    /// The bytes in front of `text`.
    skipped: usize,
    parsed: Parsed,
    open: Vec<Open>,
    /// The scalars that have an anchor, by its number: an alias may be a key.
    scalars: BTreeMap<usize, Cow<'t, str>>,
    /// The anchors that keys have.
    keys: BTreeSet<usize>,
    /// Whether there are line breaks that only YAML 1.1 has, and the bytes of quoted scalars, where they end nothing.
    old_breaks: bool,
    quoted: Vec<Range<usize>>,
    limits: Limits,
    /// How many values more there may be.
    left: usize,
    /// Where the last value or key ended.
    after: usize,
}

impl<'t> Builder<'t> {
    fn event(&mut self, event: Event<'t>, span: &Span) -> Result<(), YamlError> {
        let at = span.byte_range().unwrap_or_default();
        match event {
            Event::Comment(..) => self.parsed.comments.push(at.start + self.skipped..at.end + self.skipped),
            Event::Scalar(text, style, anchor, tag) => self.scalar(text, style, anchor, tag.as_deref(), at)?,
            Event::SequenceStart(style, anchor, tag) => {
                let node = self.node(Kind::Sequence(Vec::new()), anchor, tag.as_deref(), at);
                self.start(node, style == StructureStyle::Flow)?;
            }
            Event::MappingStart(style, anchor, tag) => {
                let flow = style == StructureStyle::Flow;
                let node = self.node(Kind::Mapping { entries: Vec::new(), flow }, anchor, tag.as_deref(), at);
                self.start(node, flow)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(&at)?,
            Event::Alias(id) => {
                let name = self.text.get(at.clone()).unwrap_or_default().trim_start_matches('*').to_owned();
                let key =
                    self.keys.contains(&id).then(|| self.scalars.get(&id).cloned()).flatten().map(Cow::into_owned);
                let node = self.node(Kind::Alias(Anchor { name, id, key }), 0, None, at);
                self.value(node)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn error(&self, reason: impl Into<String>, at: Range<usize>) -> YamlError {
        let inside = |at: usize| (at + self.skipped).min(self.text.len() + self.skipped);
        YamlError { reason: reason.into(), at: inside(at.start)..inside(at.end) }
    }

    fn node(&self, kind: Kind, anchor: usize, tag: Option<&Tag>, at: Range<usize>) -> Node {
        let tag = tag.map(|tag| format!("{}{}", tag.handle(), tag.suffix()));
        let span = at.start + self.skipped..at.end + self.skipped;
        Node { kind, span, anchor: numbered(anchor), tag }
    }

    fn scalar(
        &mut self,
        text: Cow<'t, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        at: Range<usize>,
    ) -> Result<(), YamlError> {
        // What is absent is told as `~`.
        let text = if at.is_empty() && style == ScalarStyle::Plain { Cow::Borrowed("") } else { text };
        if let Some(anchor) = numbered(anchor) {
            self.scalars.insert(anchor, text.clone());
        }
        let (style, at) = match style {
            ScalarStyle::Plain => (Style::Plain, at),
            ScalarStyle::SingleQuoted => (Style::Single, at),
            ScalarStyle::DoubleQuoted => (Style::Double, at),
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let head = self.head_of_block(at.start);
                // The parser's ends with the blanks in front of what follows.
                let lines = self.text[..at.end].trim_end_matches([' ', '\t']);
                let end = if lines.ends_with(['\n', '\r']) { lines.len() } else { at.end };
                (Style::Block, head..end.max(head))
            }
        };
        if self.old_breaks && matches!(style, Style::Single | Style::Double) {
            self.quoted.push(at.clone());
        }
        self.refuse_question_mark(style, &at)?;
        let node = self.node(Kind::Scalar { text: text.into_owned(), style }, anchor, tag, at);
        self.value(node)
    }

    /// The `|` or `>` of the block scalar whose text starts at `text_start`: between it and what was before stand only
    /// signs, an anchor, a tag, comments and directives.
    fn head_of_block(&self, text_start: usize) -> usize {
        let gap = self.text.get(self.after..text_start).unwrap_or_default();
        let (mut in_comment, mut in_property) = (false, false);
        for (at, byte) in gap.bytes().enumerate() {
            match byte {
                b'\n' | b'\r' => (in_comment, in_property) = (false, false),
                _ if in_comment => {}
                b' ' | b'\t' => in_property = false,
                _ if in_property => {}
                b'#' | b'%' => in_comment = true,
                b'&' | b'!' => in_property = true,
                b'|' | b'>' => return self.after + at,
                _ => {}
            }
        }
        text_start
    }

    fn start(&mut self, node: Node, flow: bool) -> Result<(), YamlError> {
        let at = node.span.start - self.skipped..node.span.end - self.skipped;
        if self.open.len() >= DEEPEST {
            return Err(self.error("it is nested too deeply", at));
        }
        self.count(&at)?;
        self.after = self.after.max(at.end);
        self.open.push(Open { node, key: None, flow });
        Ok(())
    }

    /// Between brackets, YAML 1.1 takes every `?` for the mark of a key, and 1.2 only one with a blank behind it.
    fn refuse_question_mark(&self, style: Style, at: &Range<usize>) -> Result<(), YamlError> {
        let flow = self.open.last().is_some_and(|open| open.flow);
        let text = self.text.get(at.clone()).unwrap_or_default();
        let glued = self.text.get(..at.start).is_some_and(|before| before.ends_with('?'));
        if flow && (glued || style == Style::Plain && text.contains('?')) {
            let reason =
                "`?` between brackets or braces is read in two ways: put the text into quotes, or a blank behind it";
            return Err(self.error(reason, at.clone()));
        }
        Ok(())
    }

    fn end(&mut self, at: &Range<usize>) -> Result<(), YamlError> {
        let Some(Open { mut node, .. }) = self.open.pop() else { return Ok(()) };
        // The end of a block is told where the next token starts.
        let end = if at.is_empty() { self.after } else { at.end };
        node.span.end = node.span.start.max(end + self.skipped);
        self.after = self.after.max(end);
        self.place(node)
    }

    fn count(&mut self, at: &Range<usize>) -> Result<(), YamlError> {
        let Some(left) = self.left.checked_sub(1) else {
            return Err(self.error(format!("it has more than {} values", self.limits.values), at.clone()));
        };
        self.left = left;
        Ok(())
    }

    /// A node without others in it.
    fn value(&mut self, node: Node) -> Result<(), YamlError> {
        let at = node.span.start - self.skipped..node.span.end - self.skipped;
        self.count(&at)?;
        self.after = self.after.max(at.end);
        self.place(node)
    }

    /// Puts a node that is complete where it belongs.
    fn place(&mut self, mut node: Node) -> Result<(), YamlError> {
        let Some(parent) = self.open.last_mut() else {
            let absent = node.span.is_empty() && node.tag.is_none();
            if !absent || !matches!(node.kind, Kind::Scalar { style: Style::Plain, .. }) {
                self.parsed.documents.push(node);
            }
            return Ok(());
        };
        match &mut parent.node.kind {
            Kind::Sequence(nodes) => nodes.push(node),
            Kind::Mapping { entries, .. } => match parent.key.take() {
                Some((key, key_span)) => {
                    if node.span.is_empty() {
                        node.span = key_span.end..key_span.end;
                    }
                    entries.push(Entry { key, key_span, value: node });
                }
                None => {
                    let span = node.span.clone();
                    self.keys.extend(node.anchor);
                    let key = self.key(node)?;
                    if let Some(parent) = self.open.last_mut() {
                        parent.key = Some((key, span));
                    }
                }
            },
            Kind::Scalar { .. } | Kind::Alias(_) => {}
        }
        Ok(())
    }

    /// What a key says. Go's readers of manifests know keys of text only, and would decode `!!binary`.
    fn key(&self, node: Node) -> Result<String, YamlError> {
        let at = node.span.start - self.skipped..node.span.end - self.skipped;
        let binary = node.tag.is_some_and(|tag| tag.ends_with(":binary"));
        match node.kind {
            Kind::Scalar { text, .. } if !binary => Ok(text),
            Kind::Alias(anchor) => match self.scalars.get(&anchor.id) {
                Some(text) => Ok(text.clone().into_owned()),
                None => Err(self.error("a key is a text, and this one repeats something else", at)),
            },
            _ => Err(self.error("a key is a text, and this one is none", at)),
        }
    }

    fn refuse_old_breaks(&self) -> Result<(), YamlError> {
        if !self.old_breaks {
            return Ok(());
        }
        for (at, found) in self.text.match_indices(OLD_BREAKS) {
            let before = self.quoted.partition_point(|quoted| quoted.start <= at);
            let inside = before.checked_sub(1).and_then(|index| self.quoted.get(index));
            if inside.is_none_or(|quoted| at >= quoted.end) {
                let code = found.chars().next().map_or(0, u32::from);
                let reason = format!(
                    "the character U+{code:04X} starts a new line for some readers of YAML and not for others: write it as an escape, in quotes"
                );
                return Err(self.error(reason, at..at + found.len()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
