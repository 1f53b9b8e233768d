//! `dagger.lock`: a tuple of JSON on each line, the first with the version. Version 1 has
//! `["","container.from",["alpine:3","linux/amd64"],"sha256:…","pin"]`, version 2 `["","oci-sha",["alpine:3"],"sha256:…"]` and
//! `["","oci-latest",["alpine"],"3.22"]`.

use std::collections::BTreeMap;
use std::sync::Arc;

use imagelock_core::policy::Rule;
use imagelock_core::source::{Location, SourceFile};
use imagelock_core::{Digest, Reference, Tag, Wanted};

use crate::json::{self, Node};
use crate::{Found, ImportError, Pin, at};

const WHAT: &str = "dagger.lock";
/// The versions that are known.
const VERSIONS: [&str; 2] = ["1", "2"];

/// A line.
struct Line {
    node: Node,
    at: Location,
}

impl Line {
    fn text(&self, place: usize) -> &str {
        self.node.items().get(place).and_then(Node::text).unwrap_or_default()
    }

    /// The first of what was looked up.
    fn input(&self) -> &str {
        self.node.items().get(2).and_then(|inputs| inputs.items().first()?.text()).unwrap_or_default()
    }
}

pub(crate) fn read(file: &Arc<SourceFile>, found: &mut Found) -> Result<(), ImportError> {
    let lines = lines(file)?;
    // What a newest release was locked to stands on a line of its own.
    let mut newest: BTreeMap<String, (Reference, Tag, Location)> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.text(1) == "oci-latest") {
        let Ok((reference, tag)) =
            line.input().parse::<Reference>().and_then(|it| Ok((it, line.text(3).parse::<Tag>()?)))
        else {
            found.leave(
                format!("`{}` is no repository, or `{}` no tag of it", line.input(), line.text(3)),
                line.at.clone(),
            );
            continue;
        };
        let locked = reference.repository.with(Some(tag.clone()), None).to_string();
        newest.insert(locked, (reference, tag, line.at.clone()));
    }
    for line in &lines {
        match line.text(1) {
            "container.from" | "oci-sha" => image(line, &mut newest, found),
            "oci-latest" => {}
            "" => found.leave("this is no entry", line.at.clone()),
            other => found.leave(format!("`{other}` is not about an image"), line.at.clone()),
        }
    }
    for (reference, _, at) in newest.into_values() {
        release(&reference, None, found, at);
    }
    Ok(())
}

fn lines(file: &Arc<SourceFile>) -> Result<Vec<Line>, ImportError> {
    let (mut lines, mut start, mut version) = (Vec::new(), 0, None);
    for text in file.text().split_inclusive('\n') {
        let span = start..start + text.trim_end().len();
        start += text.len();
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        let fail =
            |reason: String, span: std::ops::Range<usize>| ImportError { what: WHAT, reason, at: at(file, &span) };
        let node = json::parse(text)
            .map_err(|error| fail(error.reason, span.start + error.at.start..span.start + error.at.end))?;
        if version.is_some() {
            lines.push(Line { node, at: at(file, &span) });
            continue;
        }
        let pair = node.items().first().map(Node::texts).unwrap_or_default();
        match &pair[..] {
            [("version", _), (known, _)] if VERSIONS.contains(known) => version = Some((*known).to_owned()),
            [("version", _), (other, _)] => {
                return Err(fail(format!("its version is `{other}`, and 1 and 2 are read"), span));
            }
            _ => return Err(fail("its first line is not `[[\"version\",\"…\"]]`".to_owned(), span)),
        }
    }
    let reason = || "it has no version".to_owned();
    version.ok_or_else(|| ImportError { what: WHAT, reason: reason(), at: at(file, &(0..0)) })?;
    Ok(lines)
}

fn image(line: &Line, newest: &mut BTreeMap<String, (Reference, Tag, Location)>, found: &mut Found) {
    let (text, digest) = (line.input(), line.text(3));
    let at = line.at.clone();
    let reference = match text.parse::<Reference>() {
        Ok(reference) => reference,
        Err(error) => return found.leave(format!("`{text}` is no reference: {error}"), at),
    };
    let digest = match digest.parse::<Digest>() {
        Ok(digest) => digest,
        Err(error) => return found.leave(format!("`{text}` is locked to `{digest}`: {error}"), at),
    };
    if let Some((repository, tag, at)) = newest.remove(&reference.to_string()) {
        return release(&repository, Some(Pin { tag: Some(tag), digest }), found, at);
    }
    // Dagger reads a reference without a tag as `latest`, as everybody did.
    let tag = reference.tag.clone().or_else(|| reference.digest.is_none().then(Tag::latest));
    let digest = reference.digest.clone().or(Some(digest));
    found.pinned(Reference { tag, digest, ..reference }, text, at);
}

/// The newest release of a repository.
fn release(reference: &Reference, pin: Option<Pin>, found: &mut Found, at: Location) {
    let repository = reference.repository.clone();
    match Rule::new(Some("*"), None, None) {
        Ok(rule) => {
            let spelling = repository.to_string();
            found.declare(Wanted::Version { repository, rule }, pin, &spelling, at);
        }
        Err(error) => found.leave(error.to_string(), at),
    }
}
