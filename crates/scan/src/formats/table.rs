//! Reading a table of ways: what stands at their ends is a place.
//!
//! What has a variable in it is open. What the variable is by default, where the file says so, is a place of its own if
//! it is a whole reference, and tells what the open one reads as.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use imagelock_core::Reference;
use imagelock_yaml::{Kind, Node};

use super::helm::{pairs, values};
use super::room;
use super::row::{Absent, Beside, Given, Keys, Named, Row, Takes};
use super::variables::{expanded, variables};
use super::walk::{Document, Found, Inside, Way};
use super::yaml::written;
use crate::{Lines, Parts, Piece, Room, Says, Site, Sure, Unreadable, bare};

/// Ways to images, to what they are made of, and to what is none.
pub(super) struct PathTable {
    pub(super) images: &'static [Row],
    pub(super) variables: &'static [Given],
    pub(super) names: &'static [&'static str],
}

impl PathTable {
    /// The places in nodes, in the order in which they are met. A variable that is set in one of them counts in all.
    pub(super) fn read(&self, text: &str, lines: &Lines, roots: &[&Node]) -> Result<Vec<Site>, Unreadable> {
        let ways = self.images.iter().map(|row| row.way).chain(self.variables.iter().map(|given| given.way));
        let ways: Vec<Way<'_>> = ways.chain(self.names.iter().copied()).map(Way::new).collect();
        let (images, variables) = (self.images.len(), self.images.len() + self.variables.len());
        let (mut known, mut all) = (KnownRows::default(), Vec::new());
        let readers: Vec<Reader<'_, '_>> =
            roots.iter().map(|root| Reader { text, lines, document: Document::new(root) }).collect();
        for reader in &readers {
            let found = reader.document.find(reader.document.root, &ways)?;
            for found in found.iter().filter(|found| found.way >= images) {
                match found.way.checked_sub(variables) {
                    Some(_) => known.names.extend(found.node.present()),
                    None => reader.given(&self.variables[found.way - images], found, &mut known.values),
                }
            }
            all.push(found);
        }
        let mut sites = Vec::new();
        for (reader, found) in readers.iter().zip(&all) {
            for found in found.iter().filter(|found| found.way < images) {
                let row = &self.images[found.way];
                if !(row.unless)(&Beside { document: &reader.document, found }) {
                    reader.row(row, found, &known, &mut sites);
                }
            }
        }
        Ok(sites)
    }
}

/// What a text says of names in it.
#[derive(Default)]
struct KnownRows<'n> {
    /// The values of variables, by their names with their prefixes.
    values: Values<'n>,
    /// What is called like this is no image.
    names: BTreeSet<&'n str>,
}

/// The values that a file gives a variable, and where.
type Values<'n> = BTreeMap<String, Vec<GivenValue<'n>>>;

/// A value that a file gives a variable.
struct GivenValue<'n> {
    node: &'n Node,
    place: String,
    /// The first steps of the places that it counts for.
    scope: Vec<imagelock_yaml::Step>,
}

/// Reads places from a document.
pub(super) struct Reader<'t, 'n> {
    pub(super) text: &'t str,
    pub(super) lines: &'t Lines,
    pub(super) document: Document<'n>,
}

impl<'n> Reader<'_, 'n> {
    /// Notes the variable that is given a value at a node.
    fn given(&self, given: &Given, found: &Found<'n>, values: &mut Values<'n>) {
        let name = match given.named {
            Named::Key(above) => found.key(above),
            Named::Beside => found.within.last().and_then(|parent| self.document.text(parent, &["name"])),
        };
        if let Some(name) = name.filter(|_| found.node.present().is_some()) {
            let scope = found.keys.iter().take(given.scope).cloned().collect();
            let value = GivenValue { node: found.node, place: found.place(), scope };
            values.entry(format!("{}{name}", given.prefix)).or_default().push(value);
        }
    }

    fn row(&self, row: &Row, found: &Found<'n>, known: &KnownRows<'n>, sites: &mut Vec<Site>) {
        let place = found.place();
        match row.takes {
            Takes::Image => self.scalar(found, row.sure, &place, known, sites),
            Takes::Scheme(scheme) => {
                if found.node.present().is_some_and(|text| text.starts_with(scheme)) {
                    self.scalar(found, row.sure, &place, known, sites);
                }
            }
            Takes::Parts(keys) => sites.extend(self.parts(found.node, keys, row.sure, &place)),
            Takes::Values => values::collect(self, found.node, &found.keys, sites),
            Takes::Pairs(key) => pairs::collect(self, &blocks(found.node, key), &place, sites),
            Takes::Nested(language) => sites.extend(language.sites(self.text, self.lines, found.node, &place)),
            Takes::Within(find) => self.within(found.node, find, row.sure, &place, sites),
        }
    }

    /// Notes a scalar that is a reference, or has variables in it. What is absent or a number names no image.
    fn scalar(&self, found: &Found<'n>, sure: Sure, place: &str, known: &KnownRows<'n>, sites: &mut Vec<Site>) {
        let Some(said) = said(found.node).filter(|said| !known.names.contains(said)) else { return };
        let span = written(self.text, found.node);
        let used = variables(said);
        if used.is_empty() {
            sites.push(Site::whole(span, said, sure, self.lines, place));
            return;
        }
        let values = |name: &str| {
            let all = known.values.get(name).map(Vec::as_slice).unwrap_or_default();
            all.iter().filter(|value| found.keys.starts_with(&value.scope)).collect::<Vec<_>>()
        };
        let mut given = false;
        if let [only] = &used[..]
            && only.span == (0..said.len())
        {
            // `${IMAGE:-a:1}`: the default is the reference, and stands here.
            let default = only.default.clone().filter(|default| said[default.clone()].parse::<Reference>().is_ok());
            let span = |default: &Range<usize>| Inside::of(self.text, found.node)?.span(default);
            if let Some((default, span)) = default.and_then(|default| Some((default.clone(), span(&default)?))) {
                sites.push(Site::whole(span, &said[default], Sure::Default, self.lines, place));
                return;
            }
            // What a variable that is all of it is given is a reference where it is given.
            let values = values(only.name);
            let before = sites.len();
            for value in &values {
                if let Some(said) = self::said(value.node).filter(|said| variables(said).is_empty()) {
                    let span = written(self.text, value.node);
                    sites.push(Site::whole(span, said, Sure::Default, self.lines, value.place.as_str()));
                }
            }
            let named = sites[before..].iter().filter(|site| site.names_an_image()).count();
            given = named > 0 && named == values.len();
        }
        // Of several values that differ none is the default.
        let value = |name: &str| {
            let all = values(name);
            let first = all.first()?.node.present();
            first.filter(|_| all.iter().all(|value| value.node.present() == first))
        };
        let default = expanded(said, &value, 0).and_then(|text| bare(text.trim()).parse().ok());
        let line = self.lines.of(span.start);
        let says = Says::Open { span, default, given };
        sites.push(Site { says, sure, line, place: place.to_owned(), builds: false });
    }

    /// A mapping that holds a reference in parts; open where a variable decides.
    pub(super) fn parts(&self, node: &'n Node, keys: &Keys, sure: Sure, place: &str) -> Option<Site> {
        let piece = |ways: &[&[&str]]| {
            let node =
                ways.iter().find_map(|way| way.iter().try_fold(node, |node, key| self.document.get(node, key)))?;
            let said = node.present()?.trim_end();
            Some(Piece { span: written(self.text, node), text: said.to_owned() })
        };
        let parts = Parts {
            registry: piece(keys.registry),
            repository: piece(keys.repository),
            tag: piece(keys.tag),
            digest: piece(keys.digest).map(with_algorithm),
            room: match keys.absent {
                Absent::Gets(key) => room::of_key(self.text, node, keys, key),
                Absent::Stays(reason) => Room::Own(reason),
            },
        };
        self.together(parts, sure, place)
    }

    /// The place that parts are; nothing where they name no repository.
    pub(super) fn together(&self, parts: Parts, sure: Sure, place: &str) -> Option<Site> {
        let repository = parts.repository.as_ref().filter(|piece| !piece.text.is_empty())?;
        let pieces = [&parts.registry, &parts.repository, &parts.tag, &parts.digest];
        if pieces.into_iter().flatten().any(|piece| !variables(&piece.text).is_empty()) {
            return Some(Site { sure, ..Site::open(repository.span.clone(), self.lines, place) });
        }
        Some(Site::parts(parts, sure, self.lines, place))
    }

    fn within(&self, node: &Node, find: fn(&str) -> Vec<Range<usize>>, sure: Sure, place: &str, sites: &mut Vec<Site>) {
        let Kind::Scalar { text: said, .. } = &node.kind else { return };
        let Some(inside) = Inside::of(self.text, node) else { return };
        for found in find(said) {
            let Some(span) = inside.span(&found) else { continue };
            let text = &said[found];
            sites.push(if variables(text).is_empty() {
                Site::whole(span, text, sure, self.lines, place)
            } else {
                Site { sure, ..Site::open(span, self.lines, place) }
            });
        }
    }
}

/// The items of a list, or of the values of a mapping's key, which HCL repeats: a block for each.
fn blocks<'n>(node: &'n Node, key: &str) -> Vec<&'n Node> {
    match &node.kind {
        Kind::Sequence(nodes) => nodes.iter().collect(),
        Kind::Mapping { entries, .. } if !key.is_empty() => {
            let named = entries.iter().filter(|entry| entry.key == key);
            named
                .flat_map(|entry| {
                    if matches!(entry.value.kind, Kind::Sequence(_)) {
                        blocks(&entry.value, "")
                    } else {
                        vec![&entry.value]
                    }
                })
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The text of a scalar that may be a reference: what is absent or a number is none.
pub(super) fn said(node: &Node) -> Option<&str> {
    node.present().map(str::trim_end).filter(|said| !said.is_empty() && !node.is_no_text())
}

/// Hexadecimal digits alone are a digest's: some keys leave the algorithm away.
pub(super) fn with_algorithm(piece: Piece) -> Piece {
    const HEX_DIGITS: usize = 64;
    let is_hex = piece.text.len() == HEX_DIGITS && piece.text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hex { Piece { text: format!("sha256:{}", piece.text), ..piece } } else { piece }
}
