//! Which places of the repository a target keeps, and how.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use camino::Utf8Path;
use imagelock_adapter::{Left, Ownership};
use imagelock_core::ImageName;
use imagelock_survey::Mention;

use crate::targets::Rendering;

/// How a target keeps a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::command) enum Keeps {
    /// It writes the pin there.
    Here,
    /// It pins the image somewhere else, and the place stays as a person wrote it: an override, a policy of builds.
    Elsewhere,
}

/// Which places targets keep.
#[derive(Default)]
pub(in crate::command) struct Reach<'r> {
    /// The places that targets use, by their files.
    places: BTreeMap<&'r Utf8Path, Vec<(Range<usize>, Keeps)>>,
    /// The images that a target pins in a file without saying where, as Helm's does by paths of values.
    somewhere: BTreeSet<(&'r Utf8Path, &'r ImageName)>,
    /// The images that are pinned wherever a format names them.
    formats: BTreeSet<(&'static str, &'r ImageName)>,
    /// The places that a target came across and left, by their files.
    left: BTreeMap<&'r Utf8Path, Vec<&'r Left>>,
    /// The files that are imagelock's.
    generated: BTreeSet<&'r Utf8Path>,
}

impl<'r> Reach<'r> {
    pub(in crate::command) fn of(rendering: &'r Rendering) -> Self {
        let mut reach = Self::default();
        for made in rendering.made.values() {
            let output = &made.output;
            if output.ownership == Ownership::Generated {
                reach.generated.insert(&output.path);
            }
            for left in &output.kept {
                reach.left.entry(left.at.file.path()).or_default().push(left);
            }
            for used in &output.uses {
                for format in made.adapter.pins_elsewhere() {
                    reach.formats.insert((*format, &used.image));
                }
                let Some(at) = &used.at else {
                    if output.ownership == Ownership::Edited {
                        reach.somewhere.insert((&output.path, &used.image));
                    }
                    continue;
                };
                let keeps = if at.file.path() == output.path { Keeps::Here } else { Keeps::Elsewhere };
                reach.places.entry(at.file.path()).or_default().push((at.span.clone(), keeps));
            }
        }
        reach
    }

    /// Whether a file is imagelock's: its target answers for all in it.
    pub(in crate::command) fn is_generated(&self, file: &Utf8Path) -> bool {
        self.generated.contains(file)
    }

    /// Why a target leaves a place as it is, where one does.
    pub(in crate::command) fn why_left(&self, mention: &Mention) -> Option<&'r str> {
        let mut left = self.left.get(mention.file.as_path()).into_iter().flatten();
        let here = |at: &Range<usize>| at.start < mention.span.end && mention.span.start < at.end;
        left.find(|left| here(&left.at.span)).map(|left| left.reason.as_str())
    }

    /// How a place that means an image is kept, if it is. What is written there counts before what is elsewhere.
    pub(in crate::command) fn keeps(&self, mention: &Mention) -> Option<Keeps> {
        let here = self.places.get(mention.file.as_path()).into_iter().flatten();
        let here = here.filter(|(span, _)| span.start < mention.span.end && mention.span.start < span.end);
        let by_format = mention.image.as_ref().filter(|image| self.formats.contains(&(mention.format, *image)));
        let mut kept: Vec<Keeps> = here.map(|(_, keeps)| *keeps).collect();
        let by_file = mention.image.as_ref().filter(|image| self.somewhere.contains(&(&mention.file, *image)));
        kept.extend(by_file.map(|_| Keeps::Here));
        kept.extend(by_format.map(|_| Keeps::Elsewhere));
        kept.iter().copied().find(|keeps| *keeps == Keeps::Here).or(kept.first().copied())
    }
}
