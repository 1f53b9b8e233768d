//! Texts of one language inside of another's scalars: values of a chart in a heredoc, a Dockerfile in a block of lines.

use std::ops::Range;

use imagelock_yaml::{Kind, Node};

use super::helm::image_lines;
use super::paths::{Syntax, YamlPaths};
use super::row::Row;
use super::walk::Inside;
use super::{Dockerfile, Resources, Values};
use crate::{Format, Lines, Parts, Piece, Room, Says, Site, Sure};

/// The language of a text that stands inside of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// Values of a chart. Where a template makes them, the lines that are a whole image are what is left.
    Values,
    /// Kubernetes manifests; as with values where a template makes them.
    Manifests,
    /// A Dockerfile.
    Dockerfile,
    /// Operations of a patch (RFC 6902) that put in an image.
    Operations,
}

const OPERATIONS: YamlPaths = YamlPaths {
    id: "patch",
    about: "a patch",
    claims: |_, _| false,
    syntax: Syntax::Yaml,
    images: &[
        Row::image("[].value").unless(|beside| !beside.text(0, "path").is_some_and(|path| path.ends_with("/image")))
    ],
    variables: &[],
    names: &[],
};

impl Language {
    fn read(self, text: &str) -> Vec<Site> {
        let lines = Lines::new(text);
        let parsed = match self {
            Self::Values => Values.read(text),
            Self::Manifests => Resources.read(text),
            Self::Dockerfile => Dockerfile.read(text),
            Self::Operations => OPERATIONS.read(text),
        };
        match parsed {
            Ok(parsed) => parsed.sites,
            Err(_) if matches!(self, Self::Values | Self::Manifests) => {
                let sure = if self == Self::Values { Sure::Default } else { Sure::Certain };
                let whole = |span: Range<usize>| Site::whole(span.clone(), &text[span], sure, &lines, "");
                image_lines(text).into_iter().map(whole).collect()
            }
            Err(_) => Vec::new(),
        }
    }

    /// The places in the text of a scalar. What goes over several lines has their indentation in between, and is left.
    pub(super) fn sites(self, text: &str, lines: &Lines, node: &Node, place: &str) -> Vec<Site> {
        let Kind::Scalar { text: said, .. } = &node.kind else { return Vec::new() };
        let Some(inside) = Inside::of(text, node) else { return Vec::new() };
        let carried = self.read(said).into_iter().filter_map(|site| {
            let says = carried(site.says, &|span| inside.span(&unquoted(said, span)))?;
            let place = if site.place.is_empty() { place.to_owned() } else { format!("{place}, {}", site.place) };
            let mut site = Site { says, place, ..site };
            site.line = lines.of(site.span().start);
            Some(site)
        });
        carried.collect()
    }
}

/// The same place where its bytes are others; nothing where one of its parts has none.
fn carried(says: Says, to: &impl Fn(Range<usize>) -> Option<Range<usize>>) -> Option<Says> {
    let piece = |piece: Option<Piece>| match piece {
        None => Some(None),
        Some(piece) => to(piece.span).map(|span| Some(Piece { span, text: piece.text })),
    };
    Some(match says {
        Says::Whole { span, text, reference } => Says::Whole { span: to(span)?, text, reference },
        Says::Open { span, default, given } => Says::Open { span: to(span)?, default, given },
        Says::Parts { parts: Parts { registry, repository, tag, digest, room }, reference } => {
            let parts = Parts {
                registry: piece(registry)?,
                repository: piece(repository)?,
                tag: piece(tag)?,
                digest: piece(digest)?,
                room: match room {
                    Room::Key { .. } => {
                        Room::Own("a key for the digest cannot be written into a text of another language")
                    }
                    room => room,
                },
            };
            Says::Parts { parts, reference }
        }
    })
}

/// The bytes of a value without the quotes round it: the language outside has its own.
fn unquoted(text: &str, span: Range<usize>) -> Range<usize> {
    let said = text.get(span.clone()).unwrap_or_default();
    let is_in = |quote: char| said.len() > 1 && said.starts_with(quote) && said.ends_with(quote);
    if is_in('"') || is_in('\'') { span.start + 1..span.end - 1 } else { span }
}
