//! Where a Compose file names images: those of services, of image volumes and hooks, the contexts and the inline
//! Dockerfiles of builds.
//!
//! - [`Composition`]: what one file says about images, for whoever reads the files that it includes and extends too.
//! - [`Variables`]: its interpolation, with what a `.env` sets.
//!
//! What a service builds is no image that anybody pulls. It is not for what Compose does with an image.

mod fields;
mod interpolate;
mod services;

use std::collections::BTreeSet;

pub use self::interpolate::{Unresolved, Variables};
pub use self::services::{Beyond, Composition, Declaration, Extends, Origin, Scalar};
use super::{Dockerfile, yaml};
use crate::{Format, Head, Lines, Named, Parsed, Says, Site, Sure, Unreadable, bare};

/// How far services extend each other.
pub const MOST_EXTENDED: usize = 16;

/// Compose files.
#[derive(Clone, Copy, Debug, Default)]
pub struct Compose;

impl Format for Compose {
    fn id(&self) -> &'static str {
        "compose"
    }

    fn about(&self) -> &'static str {
        "a Compose file"
    }

    fn claims(&self, path: &Named<'_>, head: &dyn Head) -> bool {
        let name = path.file_name().unwrap_or_default();
        let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
        yaml::is_yaml(path)
            && words.any(|word| word.eq_ignore_ascii_case("compose"))
            && !head.text().lines().any(|line| line.starts_with("apiVersion:"))
    }

    fn read(&self, text: &str) -> Result<Parsed, Unreadable> {
        let lines = Lines::new(text);
        let yaml::Parsed { documents, comments } = yaml::documents(text)?;
        let composition = Composition::of(text, &documents)?;
        let mut finder = Finder { text, lines: &lines, sites: Vec::new(), built: BTreeSet::new() };
        for (name, service) in &composition.services {
            finder.service(name, service, composition.origin(service));
        }
        let Finder { mut sites, built, .. } = finder;
        // What is pulled here and built there is for a person to say.
        for site in sites.iter_mut().filter(|site| built.contains(&site.span().start)) {
            *site = Site::open(site.span().clone(), &lines, std::mem::take(&mut site.place));
        }
        sites.sort_by_key(|site| site.span().start);
        sites.dedup_by(|second, first| second.span().start < first.span().end);
        Ok(Parsed { sites, comments: yaml::comments(text, &lines, &comments) })
    }

    fn quote(&self, before: &str, new: &str) -> Option<String> {
        yaml::quote(before, new)
    }
}

impl Composition {
    /// Where what a service runs comes from, as far as this file tells.
    fn origin<'s>(&'s self, mut service: &'s Declaration) -> Origin {
        for _ in 0..MOST_EXTENDED {
            if let Some(origin) = service.origin {
                return origin;
            }
            let base = service.extends.as_ref().filter(|extends| extends.file.is_none());
            let Some(base) = base.and_then(|base| self.services.get(base.service.as_ref()?)) else { break };
            service = base;
        }
        Origin::Pulled
    }
}

struct Finder<'t> {
    text: &'t str,
    lines: &'t Lines,
    sites: Vec<Site>,
    /// Where names of what is built start.
    built: BTreeSet<usize>,
}

impl Finder<'_> {
    fn service(&mut self, name: &str, service: &Declaration, origin: Origin) {
        match (&service.image, origin) {
            (Some(image), Origin::Pulled) => self.image(image, &format!("services.{name}.image")),
            (Some(image), Origin::Built | Origin::Provided) => drop(self.built.insert(image.span.start)),
            (None, _) => {}
        }
        for Beyond { key, image } in &service.beyond {
            self.image(image, &format!("services.{name}.{key}"));
        }
        for context in &service.contexts {
            self.image(context, &format!("services.{name}.build.additional_contexts"));
        }
        if let Some(dockerfile) = &service.inline {
            self.inline(dockerfile, &format!("services.{name}.build"));
        }
    }

    /// The default of a variable is what runs, unless somebody sets it. A text that several variables make is open.
    fn image(&mut self, image: &Scalar, place: &str) {
        let (mut at, mut text) = (0, image.text.as_str());
        for _ in 0..interpolate::DEEPEST {
            let Some((skipped, default)) = interpolate::default(text) else { break };
            (at, text) = (at + skipped, default);
        }
        let part = if at == 0 { Some(image.clone()) } else { image.part(self.text, at..at + text.len()) };
        self.sites.push(match part.filter(|part| !part.text.is_empty() && !part.text.contains('$')) {
            Some(part) => Site::whole(part.span, &part.text, Sure::Certain, self.lines, place),
            None => {
                // Without a `.env`, this is what runs.
                let default = Variables::default().resolve(&image.text).ok();
                let default = default.and_then(|(text, _)| bare(&text).parse().ok());
                let says = Says::Open { span: image.span.clone(), default, given: false };
                Site { says, ..Site::open(image.span.clone(), self.lines, place) }
            }
        });
    }

    /// The places of a Dockerfile in a block of lines, `|`.
    fn inline(&mut self, dockerfile: &Scalar, place: &str) {
        let Some(starts) = starts(self.text, dockerfile) else { return };
        let Ok(parsed) = Dockerfile.read(&dockerfile.text) else { return };
        for site in parsed.sites {
            let span = site.span();
            let Some(&(line, start)) = starts.get(starts.partition_point(|(line, _)| *line <= span.start) - 1) else {
                continue;
            };
            // What goes over several lines has their indentation in between.
            if dockerfile.text[span.clone()].contains('\n') {
                continue;
            }
            let moved = span.start - line + start..span.end - line + start;
            let place = format!("{place}, {}", site.place);
            self.sites.push(match site.text() {
                Some(text) => Site::whole(moved, text, site.sure, self.lines, place),
                None => Site::open(moved, self.lines, place),
            });
        }
    }
}

/// Where each line of a block starts in what it says, and in the file.
fn starts(file: &str, block: &Scalar) -> Option<Vec<(usize, usize)>> {
    let written = file.get(block.span.clone()).filter(|written| written.starts_with('|'))?;
    let mut raw = written.split_inclusive('\n');
    let mut at = block.span.start + raw.next()?.len();
    let (mut starts, mut line) = (Vec::new(), 0);
    for says in block.text.split_inclusive('\n') {
        let raw = raw.next()?;
        let (content, said) = (raw.trim_end_matches(['\n', '\r']), says.trim_end_matches(['\n', '\r']));
        let indent = content.strip_suffix(said).filter(|indent| indent.trim_start_matches(' ').is_empty())?;
        starts.push((line, at + indent.len()));
        (line, at) = (line + says.len(), at + raw.len());
    }
    Some(starts)
}

#[cfg(test)]
mod tests;
