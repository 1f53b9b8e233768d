//! What the files of the repository say: who uses what, what drifts, what has no digest.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_core::Lockfile;
use imagelock_survey::{Drift, Mention, Owners, drift};
use serde::Serialize;

use crate::command::check::reach::{Keeps, Reach};
use crate::targets::Rendering;
use crate::users::Users;

/// A file that names an image.
#[derive(Serialize)]
pub(super) struct Use {
    image: String,
    file: String,
    /// The lines, as in `lines 3, 9`.
    lines: String,
    /// What reads the file.
    tool: String,
    /// The targets that keep the pin.
    kept: String,
    owners: String,
}

/// One of several things that a name stands for.
#[derive(Serialize)]
pub(super) struct Variant {
    image: String,
    variant: String,
    places: Vec<String>,
}

/// A place without a digest.
#[derive(Serialize)]
pub(super) struct Unpinned {
    place: String,
    reference: String,
    image: String,
    format: &'static str,
    /// The target that pins it with its next render, or something that pins it elsewhere.
    kept: &'static str,
    owners: String,
}

/// What is known of one image in one file, read by one tool.
#[derive(Default)]
struct Known {
    lines: BTreeSet<usize>,
    kept: BTreeSet<&'static str>,
}

/// What targets keep.
pub(super) struct Kept<'r> {
    rendering: &'r Rendering,
    reach: Reach<'r>,
}

impl<'r> Kept<'r> {
    pub(super) fn of(rendering: &'r Rendering) -> Self {
        Self { rendering, reach: Reach::of(rendering) }
    }

    /// What keeps a place: the adapter that writes its file or the pin in it, or something that pins it elsewhere.
    fn by(&self, mention: &Mention) -> Option<&'static str> {
        let adapter = || self.rendering.made.get(&mention.file).map(|made| made.adapter.id());
        if self.reach.is_generated(&mention.file) {
            return adapter();
        }
        match self.reach.keeps(mention)? {
            Keeps::Here => adapter(),
            Keeps::Elsewhere => Some("elsewhere"),
        }
    }
}

/// Who uses what: what targets write or edit, and what the files say.
pub(super) fn uses(lock: &Lockfile, users: &Users, mentions: &[Mention], kept: &Kept<'_>, owners: &Owners) -> Vec<Use> {
    let mut known: BTreeMap<(&str, Utf8PathBuf, &str), Known> = BTreeMap::new();
    for mention in mentions {
        let Some(image) = &mention.image else { continue };
        let key = (image.as_str(), mention.file.clone(), mention.format);
        let place = known.entry(key).or_default();
        place.lines.insert(mention.start.0);
        place.kept.extend(kept.by(mention));
    }
    for image in lock.images.keys() {
        for user in users.users(image) {
            let key = |tool| (image.as_str(), user.file.clone(), tool);
            let read = known
                .range_mut(key("")..)
                .take_while(|((name, file, _), _)| *name == image.as_str() && *file == user.file);
            let mut is_read = false;
            for (_, place) in read {
                place.kept.remove("elsewhere");
                place.kept.insert(user.adapter);
                is_read = true;
            }
            if !is_read {
                let place = known.entry(key(user.adapter)).or_default();
                place.kept.insert(user.adapter);
                place.lines.extend(user.line);
            }
        }
    }
    known
        .into_iter()
        .map(|((image, file, tool), Known { lines, kept })| Use {
            image: image.to_owned(),
            lines: of_lines(&lines),
            tool: tool.to_owned(),
            kept: kept.into_iter().collect::<Vec<_>>().join(" "),
            owners: owners_of(owners, &file),
            file: file.into_string(),
        })
        .collect()
}

fn of_lines(lines: &BTreeSet<usize>) -> String {
    /// How many are told.
    const MOST: usize = 6;
    let told: Vec<String> = lines.iter().take(MOST).map(ToString::to_string).collect();
    let more = if lines.len() > MOST { format!(" and {} more", lines.len() - MOST) } else { String::new() };
    match told.len() {
        0 => String::new(),
        1 => format!("line {}", told[0]),
        _ => format!("lines {}{more}", told.join(", ")),
    }
}

/// What is named differently in different places, a row for each variant.
pub(super) fn drifts(mentions: &[Mention]) -> Vec<Variant> {
    let mut rows = Vec::new();
    for found in drift(mentions) {
        match found {
            Drift::Digests { repository, tag, places } => {
                let image = format!("{repository}:{tag}");
                rows.extend(places.into_iter().map(|(digest, mentions)| Variant {
                    image: image.clone(),
                    variant: digest.short().to_owned(),
                    places: mentions.into_iter().map(place).collect(),
                }));
            }
            Drift::Tags { repository, places } => rows.extend(places.into_iter().map(|(tag, mentions)| Variant {
                image: repository.to_string(),
                variant: tag.to_string(),
                places: mentions.into_iter().map(place).collect(),
            })),
        }
    }
    rows
}

/// The places whose references have no digest.
pub(super) fn unpinned(mentions: &[Mention], kept: &Kept<'_>, owners: &Owners) -> Vec<Unpinned> {
    let open = mentions.iter().filter(|mention| mention.state.is_unpinned());
    let row = |mention: &Mention| Unpinned {
        place: place(mention),
        reference: mention.reference.clone(),
        image: mention.image.as_ref().map(ToString::to_string).unwrap_or_default(),
        format: mention.format,
        kept: kept.by(mention).unwrap_or_default(),
        owners: owners_of(owners, &mention.file),
    };
    open.map(row).collect()
}

fn place(mention: &Mention) -> String {
    format!("{}:{}:{}", mention.file, mention.start.0, mention.start.1)
}

fn owners_of(owners: &Owners, file: &Utf8Path) -> String {
    owners.owners(file).into_iter().collect::<Vec<_>>().join(" ")
}
