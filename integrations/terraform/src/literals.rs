//! The string literals of an HCL file with their bytes, and the markers that ask for a pin in one of them.

use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ObjectKey, TraversalOperator};
use hcl_edit::structure::BlockLabel;
use hcl_edit::visit::{Visit, visit_expr};
use imagelock_core::ImageName;

/// What a marker says behind `#` or `//`.
const WORD: &str = "imagelock:";

/// A string of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) kind: Kind,
    /// Its bytes, with the quotes.
    pub(crate) span: Range<usize>,
}

/// What kind of string it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A value in quotes with nothing to evaluate in it.
    Literal(String),
    /// A quoted string with `${…}` or `%{…}`.
    Template,
    /// `<<EOT`.
    Heredoc,
    /// A name: a block's label, an object's key, an index. Never a value that is pinned.
    Name,
}

/// A marker in a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Marker {
    pub(crate) name: ImageName,
    pub(crate) part: Part,
}

/// Which part of the image a marker asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Reference,
    Repository,
    Tag,
    Digest,
}

/// A comment that starts with `imagelock:`, whatever follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Comment<'t> {
    /// What follows `imagelock:`, without the blanks round it.
    pub(crate) text: &'t str,
    /// The bytes of that.
    pub(crate) span: Range<usize>,
    /// The bytes of its line.
    pub(crate) line: Range<usize>,
    /// Where `#` or `//` stands.
    pub(crate) start: usize,
}

/// All strings of a file, in the order of their bytes; an error with the byte where the file is no HCL.
pub(crate) fn texts(source: &str) -> Result<Vec<Text>, (String, usize)> {
    let body = hcl_edit::parser::parse_body(source)
        .map_err(|error| (error.message().trim().replace('\n', ", "), error.location().offset()))?;
    let mut collector = Collector(Vec::new());
    collector.visit_body(&body);
    collector.0.sort_by_key(|text| text.span.start);
    Ok(collector.0)
}

struct Collector(Vec<Text>);

impl Collector {
    fn add(&mut self, kind: Kind, span: Option<Range<usize>>) {
        // What was just parsed has a span everywhere; without one there are no bytes to replace.
        self.0.extend(span.map(|span| Text { kind, span }));
    }
}

impl Visit for Collector {
    fn visit_expr(&mut self, node: &Expression) {
        match node {
            Expression::String(text) => self.add(Kind::Literal(text.value().clone()), node.span()),
            Expression::StringTemplate(_) => self.add(Kind::Template, node.span()),
            Expression::HeredocTemplate(_) => self.add(Kind::Heredoc, node.span()),
            _ => visit_expr(self, node),
        }
    }

    fn visit_object_key(&mut self, node: &ObjectKey) {
        if let ObjectKey::Expression(expression) = node {
            self.add(Kind::Name, expression.span());
        }
    }

    fn visit_traversal_operator(&mut self, node: &TraversalOperator) {
        if let TraversalOperator::Index(expression) = node {
            self.add(Kind::Name, expression.span());
        }
    }

    fn visit_block_label(&mut self, node: &BlockLabel) {
        if let BlockLabel::String(label) = node {
            self.add(Kind::Name, label.span());
        }
    }
}

/// Finds every `# imagelock: …` and `// imagelock: …`, in strings too: the caller knows where those are.
pub(crate) fn comments(source: &str) -> Vec<Comment<'_>> {
    let mut comments = Vec::new();
    let mut at = 0;
    for line in source.split_inclusive('\n') {
        let text = line.trim_end_matches(['\n', '\r']);
        if let Some(comment) = comment(text, at) {
            comments.push(comment);
        }
        at += line.len();
    }
    comments
}

fn comment(line: &str, offset: usize) -> Option<Comment<'_>> {
    let (word, start) = line.match_indices(WORD).find_map(|(word, _)| {
        let before = line[..word].trim_end_matches([' ', '\t']);
        let sign = ["#", "//"].into_iter().find(|sign| before.ends_with(sign))?;
        Some((word, before.len() - sign.len()))
    })?;
    let rest = &line[word + WORD.len()..];
    let text = rest.trim();
    let from = offset + word + WORD.len() + (rest.len() - rest.trim_start().len());
    Some(Comment { text, span: from..from + text.len(), line: offset..offset + line.len(), start: offset + start })
}

impl std::str::FromStr for Marker {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, part) = match text.split_once(':') {
            None => (text, Part::Reference),
            Some((name, "repository")) => (name, Part::Repository),
            Some((name, "tag")) => (name, Part::Tag),
            Some((name, "digest")) => (name, Part::Digest),
            Some(_) => return Err("a marker ends in `:repository`, `:tag`, `:digest` or the image's name".to_owned()),
        };
        let name = name.parse::<ImageName>().map_err(|error| error.to_string())?;
        Ok(Self { name, part })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_values() {
        let source = "resource \"a\" \"b\" {\n x = local.y[\"k\"]\n o = { \"key\" = \"value\" }\n t = \"${z}\"\n}\n";
        let texts = texts(source).unwrap();
        let found: Vec<_> = texts.iter().map(|text| (&source[text.span.clone()], &text.kind)).collect();
        let name = &Kind::Name;
        let value = Kind::Literal("value".to_owned());
        let expected = [
            ("\"a\"", name),
            ("\"b\"", name),
            ("\"k\"", name),
            ("\"key\"", name),
            ("\"value\"", &value),
            ("\"${z}\"", &Kind::Template),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_marker_is_found_behind_either_sign_and_before_either_line_end() {
        let source = "a = \"é\" # imagelock: web\r\nb = 1 //imagelock:db:tag  \n# other imagelock: no\n";
        let comments = comments(source);
        assert_eq!(comments.iter().map(|comment| comment.text).collect::<Vec<_>>(), ["web", "db:tag"]);
        assert_eq!(&source[comments[1].span.clone()], "db:tag");
        assert_eq!(&source[comments[1].line.clone()], "b = 1 //imagelock:db:tag  ");
        assert_eq!(&source[comments[0].start..], &source[source.find('#').unwrap()..]);
    }

    #[test]
    fn a_marker_names_an_image_and_a_part() {
        let marker = |name: &str, part| Marker { name: name.parse().unwrap(), part };
        assert_eq!("web".parse(), Ok(marker("web", Part::Reference)));
        assert_eq!("web:tag".parse(), Ok(marker("web", Part::Tag)));
        assert_eq!("web:digest".parse(), Ok(marker("web", Part::Digest)));
        assert_eq!("web:repository".parse(), Ok(marker("web", Part::Repository)));
        for bad in ["", "Web", "web:", "web:tags", "see the docs", "web:tag:digest"] {
            assert!(bad.parse::<Marker>().is_err(), "{bad}");
        }
    }
}
