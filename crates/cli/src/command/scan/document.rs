//! What a scan tells programs: `docs/scan.schema.json`.

use std::collections::BTreeMap;

use imagelock_core::{Digest, ImageName, Repository, Tag};
use imagelock_scan::Sure;
use imagelock_survey::{Drift, Mention, Why};
use serde::Serialize;

use super::ScanFound;
use super::text::Numbers;

/// The document.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document<'f> {
    #[serde(serialize_with = "one_by_one")]
    references: &'f [&'f Mention],
    warnings: Vec<Warned<'f>>,
    ignored: Vec<LeftOut<'f>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    drift: Option<Vec<Drifting<'f>>>,
    stats: Stats,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'f> {
    file: &'f str,
    line: usize,
    end_line: usize,
    column: usize,
    span: [usize; 2],
    format: &'f str,
    text: &'f str,
    reference: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    normalized: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<&'f Digest>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'f ImageName>,
    place: &'f str,
    sure: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
}

#[derive(Serialize)]
struct Warned<'f> {
    file: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    message: &'f str,
}

#[derive(Serialize)]
struct LeftOut<'f> {
    file: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    why: &'static str,
    reason: &'f str,
}

/// One tag with several digests, or one repository with several tags.
#[derive(Serialize)]
struct Drifting<'f> {
    repository: &'f Repository,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'f Tag>,
    variants: Vec<Variant<'f>>,
}

#[derive(Serialize)]
struct Variant<'f> {
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'f Tag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<&'f Digest>,
    places: Vec<PlaceInFile<'f>>,
}

#[derive(Serialize)]
struct PlaceInFile<'f> {
    file: &'f str,
    line: usize,
    column: usize,
}

#[derive(Serialize)]
struct Stats {
    files: usize,
    read: usize,
    references: usize,
    repositories: usize,
    states: BTreeMap<&'static str, usize>,
    formats: BTreeMap<&'static str, usize>,
    ignored: BTreeMap<&'static str, usize>,
    warnings: usize,
}

/// The document of what was found; what drifts is in it where that was asked for.
pub(super) fn of<'f>(found: &'f ScanFound<'f>, drift: bool) -> Document<'f> {
    let surveyed = found.surveyed;
    let warnings = surveyed.warnings.iter();
    let ignored = surveyed.ignored.iter();
    let Numbers { images, states, formats, ignored: left_out } = Numbers::of(surveyed);
    Document {
        references: &found.mentions,
        warnings: warnings
            .map(|warning| Warned { file: &warning.file, line: warning.line, message: &warning.message })
            .collect(),
        ignored: ignored
            .map(|ignored| {
                let why = why(ignored.why);
                LeftOut { file: ignored.file.as_str(), line: ignored.line, why, reason: &ignored.reason }
            })
            .collect(),
        drift: drift.then(|| found.drifts.iter().map(drifting).collect()),
        stats: Stats {
            files: surveyed.files,
            read: surveyed.read,
            references: surveyed.mentions.len(),
            repositories: images,
            states: states.into_iter().map(|(state, number)| (state.name(), number)).collect(),
            formats,
            ignored: left_out.into_iter().map(|(reason, number)| (why(reason), number)).collect(),
            warnings: surveyed.warnings.len(),
        },
    }
}

/// A long list is told as it is written.
fn one_by_one<S: serde::Serializer>(mentions: &[&Mention], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(mentions.iter().map(|mention| told(mention)))
}

fn told(mention: &Mention) -> Told<'_> {
    Told {
        file: mention.file.as_str(),
        line: mention.start.0,
        end_line: mention.end.0,
        column: mention.start.1,
        span: [mention.span.start, mention.span.end],
        format: mention.format,
        text: &mention.text,
        reference: &mention.reference,
        normalized: mention.normalized(),
        digest: mention.digest_of(),
        state: mention.state.name(),
        image: mention.image.as_ref(),
        place: &mention.place,
        sure: match mention.sure {
            Sure::Certain => "certain",
            Sure::Default => "default",
            Sure::Possible => "possible",
        },
        role: mention.builds.then_some("build"),
    }
}

fn drifting<'f>(drift: &'f Drift<'f>) -> Drifting<'f> {
    match drift {
        Drift::Digests { repository, tag, places } => {
            let variant = |(digest, mentions): (&&'f Digest, &Vec<&'f Mention>)| Variant {
                tag: None,
                digest: Some(*digest),
                places: mentions.iter().map(|mention| at(mention)).collect(),
            };
            Drifting { repository, tag: Some(tag), variants: places.iter().map(variant).collect() }
        }
        Drift::Tags { repository, places } => {
            let variant = |(tag, mentions): (&'f Tag, &Vec<&'f Mention>)| Variant {
                tag: Some(tag),
                digest: None,
                places: mentions.iter().map(|mention| at(mention)).collect(),
            };
            Drifting { repository, tag: None, variants: places.iter().map(variant).collect() }
        }
    }
}

fn at(mention: &Mention) -> PlaceInFile<'_> {
    PlaceInFile { file: mention.file.as_str(), line: mention.start.0, column: mention.start.1 }
}

fn why(why: Why) -> &'static str {
    match why {
        Why::Git => "git",
        Why::Own => "imagelockignore",
        Why::Vendored => "vendored",
        Why::Excluded => "exclude",
        Why::Project => "project",
        Why::Comment => "comment",
    }
}
