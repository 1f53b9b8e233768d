//! HCL as a tree of mappings, lists and texts, so that the ways of tables lead through it: a block is a mapping below
//! its labels, and what `jsonencode` is given stands where it is.
//!
//! A variable, a condition, a call is a text that says `${…}`, as JSON in the place of HCL has it.

use std::ops::Range;

use hcl_edit::Span;
use hcl_edit::expr::{Expression, FuncCall, ObjectKey};
use hcl_edit::structure::{Block, BlockLabel, Body, Structure};
use imagelock_yaml::{Entry, Kind, Node, Style};

use super::hcl::parse;
use crate::Unreadable;

/// Functions that give what they are given, in another form.
const TRANSPARENT: &[&str] =
    &["jsonencode", "yamlencode", "jsondecode", "yamldecode", "tolist", "tomap", "toset", "nonsensitive", "sensitive"];

/// The tree of a text.
pub(super) fn tree(text: &str) -> Result<Node, Unreadable> {
    let (body, skipped) = parse(text)?;
    Ok(Grower { text, skipped }.body(&body, 0..text.len()))
}

struct Grower<'t> {
    text: &'t str,
    /// The bytes in front of what was parsed.
    skipped: usize,
}

impl Grower<'_> {
    fn span(&self, of: &impl Span) -> Range<usize> {
        of.span().map_or(0..0, |span| span.start + self.skipped..span.end + self.skipped)
    }

    fn body(&self, body: &Body, span: Range<usize>) -> Node {
        let entries = body.into_iter().map(|structure| match structure {
            Structure::Attribute(attribute) => Entry {
                key: attribute.key.as_str().to_owned(),
                key_span: self.span(&attribute.key),
                value: self.expression(&attribute.value),
            },
            Structure::Block(block) => self.block(block),
        });
        node(Kind::Mapping { entries: entries.collect(), flow: false }, span)
    }

    fn block(&self, block: &Block) -> Entry {
        let span = self.span(block);
        let mut value = self.body(&block.body, span.clone());
        for label in block.labels.iter().rev() {
            let (key, key_span) = match label {
                BlockLabel::Ident(ident) => (ident.as_str().to_owned(), self.span(ident)),
                BlockLabel::String(text) => (text.value().clone(), self.span(text)),
            };
            let entries = vec![Entry { key, key_span, value }];
            value = node(Kind::Mapping { entries, flow: false }, span.clone());
        }
        Entry { key: block.ident.as_str().to_owned(), key_span: self.span(&block.ident), value }
    }

    fn expression(&self, expression: &Expression) -> Node {
        let span = self.span(expression);
        let source = self.text.get(span.clone()).unwrap_or_default();
        match expression {
            Expression::String(text) => scalar(text.value(), Style::Double, span),
            Expression::StringTemplate(_) => scalar(source.trim_matches('"'), Style::Double, span),
            Expression::HeredocTemplate(_) => heredoc(source, span),
            Expression::Array(array) => {
                node(Kind::Sequence(array.iter().map(|item| self.expression(item)).collect()), span)
            }
            Expression::Object(object) => {
                let entries = object.iter().filter_map(|(key, value)| {
                    let (key, key_span) = match key {
                        ObjectKey::Ident(ident) => (ident.as_str(), self.span(ident)),
                        ObjectKey::Expression(key) => (key.as_str()?, self.span(key)),
                    };
                    Some(Entry { key: key.to_owned(), key_span, value: self.expression(value.expr()) })
                });
                node(Kind::Mapping { entries: entries.collect(), flow: true }, span)
            }
            Expression::Parenthesis(inner) => self.expression(inner.inner()),
            Expression::FuncCall(call) => self.call(call, source, span),
            Expression::Conditional(_) | Expression::Traversal(_) | Expression::Variable(_) => {
                scalar(&format!("${{{source}}}"), Style::Double, span)
            }
            _ => scalar("", Style::Plain, span),
        }
    }

    fn call(&self, call: &FuncCall, source: &str, span: Range<usize>) -> Node {
        match call.args.iter().next() {
            Some(argument) if TRANSPARENT.contains(&call.name.name.as_str()) => self.expression(argument),
            _ => scalar(&format!("${{{source}}}"), Style::Double, span),
        }
    }
}

/// The text between the first and the last line of a heredoc.
fn heredoc(source: &str, span: Range<usize>) -> Node {
    let body = source.split_once('\n').map_or("", |(_, body)| body);
    let text = body.trim_end_matches(['\n', '\r']).rsplit_once('\n').map_or("", |(text, _)| text);
    scalar(&text.replace('\r', ""), Style::Block, span)
}

fn scalar(text: &str, style: Style, span: Range<usize>) -> Node {
    node(Kind::Scalar { text: text.to_owned(), style }, span)
}

fn node(kind: Kind, span: Range<usize>) -> Node {
    Node { kind, span, anchor: None, tag: None }
}
