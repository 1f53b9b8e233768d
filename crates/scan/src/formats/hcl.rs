//! Where HCL, the language of Terraform, OpenTofu, Nomad and Packer, has literals that may name images.
//!
//! No literal is certain: what an argument means is the provider's. A name (a block's label, an object's key, an index)
//! is never one, and a string with `${…}` or a heredoc is open.

use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ObjectKey, TraversalOperator};
use hcl_edit::structure::{BlockLabel, Body};
use hcl_edit::visit::{Visit, visit_expr};
use imagelock_core::escape;

use crate::comment::speaking;
use crate::{Format, Head, Lines, Named, Parsed, Site, Sure, Unreadable};

/// HCL, version 2.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hcl;

impl Format for Hcl {
    fn id(&self) -> &'static str {
        "hcl"
    }

    fn about(&self) -> &'static str {
        "HCL"
    }

    fn claims(&self, path: &Named<'_>, _: &dyn Head) -> bool {
        matches!(path.extension(), Some("tf" | "tofu" | "tfvars" | "hcl" | "nomad"))
    }

    fn read(&self, text: &str) -> Result<Parsed, Unreadable> {
        let (parsed, skipped) = parse(text)?;
        let lines = Lines::new(text);
        let mut collector = Collector { skipped, lines: &lines, sites: Vec::new(), strings: Vec::new() };
        collector.visit_body(&parsed);
        let Collector { mut sites, mut strings, .. } = collector;
        sites.sort_by_key(|site| site.span().start);
        strings.sort_by_key(|span| span.start);
        let in_string = |at: usize| {
            let after = strings.partition_point(|span| span.start <= at);
            after > 0 && strings[after - 1].contains(&at)
        };
        Ok(Parsed { sites, comments: speaking(text, &lines, &["#", "//", "/*"], in_string) })
    }

    fn quote(&self, _: &str, new: &str) -> Option<String> {
        Some(format!("\"{}\"", escape::hcl(new)))
    }
}

/// The structure of a text, and how many bytes stand in front of it.
pub(super) fn parse(text: &str) -> Result<(Body, usize), Unreadable> {
    // The parser refuses the mark that editors on Windows write.
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let skipped = text.len() - body.len();
    let parsed = hcl_edit::parser::parse_body(body).map_err(|error| {
        let at = (error.location().offset() + skipped).min(text.len());
        let at = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        Unreadable { reason: error.message().trim().replace('\n', ", "), at: at..at }
    })?;
    Ok((parsed, skipped))
}

struct Collector<'l> {
    /// The bytes in front of what was parsed.
    skipped: usize,
    lines: &'l Lines,
    sites: Vec<Site>,
    /// The bytes of every string, names too.
    strings: Vec<Range<usize>>,
}

impl Collector<'_> {
    fn add(&mut self, span: Option<Range<usize>>, site: impl FnOnce(Range<usize>, &Lines) -> Option<Site>) {
        // What was just parsed has a span everywhere; without one there are no bytes to replace.
        let Some(span) = span.map(|span| span.start + self.skipped..span.end + self.skipped) else { return };
        self.sites.extend(site(span.clone(), self.lines));
        self.strings.push(span);
    }

    fn open(&mut self, span: Option<Range<usize>>) {
        let possible = |site: Site| Site { sure: Sure::Possible, ..site };
        self.add(span, |span, lines| Some(possible(Site::open(span, lines, ""))));
    }
}

impl Visit for Collector<'_> {
    fn visit_expr(&mut self, node: &Expression) {
        match node {
            Expression::String(text) => {
                self.add(node.span(), |span, lines| Some(Site::whole(span, text.value(), Sure::Possible, lines, "")));
            }
            Expression::StringTemplate(_) | Expression::HeredocTemplate(_) => self.open(node.span()),
            _ => visit_expr(self, node),
        }
    }

    fn visit_object_key(&mut self, node: &ObjectKey) {
        if let ObjectKey::Expression(expression) = node {
            self.add(expression.span(), |_, _| None);
        }
    }

    fn visit_traversal_operator(&mut self, node: &TraversalOperator) {
        if let TraversalOperator::Index(expression) = node {
            self.add(expression.span(), |_, _| None);
        }
    }

    fn visit_block_label(&mut self, node: &BlockLabel) {
        if let BlockLabel::String(label) = node {
            self.add(label.span(), |_, _| None);
        }
    }
}

#[cfg(test)]
mod tests;
