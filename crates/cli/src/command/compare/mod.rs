//! `compare`

mod text;

use clap::Args;
use imagelock_core::compare::{self, Change, Comparison, Evidence, Verdict};
use imagelock_core::lockfile::LockedImage;
use imagelock_core::name::NameError;
use imagelock_core::{Created, ImageName, Lockfile};
use serde::Serialize;

use super::aliases;
use super::side::{self, Side};
use crate::complete::image_names;
use crate::failure::{Failure, Kind, Problem};
use crate::host::{Format, Host};
use crate::report::Brief;
use crate::session::Session;

/// Tell which of two images is newer, what became of the first, and who says so
///
/// An image is the name of a locked one, or a reference with a tag or a digest; the second may be a digest alone, or `:TAG`,
/// in the repository of the first. Two locks are compared image by image: `images.lock` is that of the project, and
/// `REV:images.lock` what it was in a commit, which is read from Git's files without starting Git.
///
/// What is known is told with its speaker: the registry, whose digests prove it; the project's rule; the publisher, whose word
/// it is. Where nothing puts the two in an order, the answer is `unknown`, and `conflicting` where speakers contradict each
/// other.
#[derive(Args, Debug)]
pub struct Compare {
    /// The first image, or lock
    #[arg(value_name = "A", add = image_names())]
    first: String,
    /// The second one
    #[arg(value_name = "B", add = image_names())]
    second: String,
    /// Also ask which tags point at each of two images now: the likeliest fifty, with one `HEAD` each
    #[arg(long)]
    tags: bool,
    /// Fail unless both have the same content
    #[arg(long)]
    exit_code: bool,
}

/// What was compared.
#[derive(Serialize)]
struct Compared {
    images: Vec<Pair>,
}

/// Two images.
#[derive(Serialize)]
struct Pair {
    /// The name that they are locked under; nothing where two images were named.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<ImageName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<Known>,
    #[serde(skip_serializing_if = "Option::is_none")]
    second: Option<Known>,
    /// Nothing where there is one image alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict>,
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<Change>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<Evidence>,
}

/// One image of two.
#[derive(Serialize)]
struct Known {
    /// As people write it, with its digest.
    reference: String,
    #[serde(flatten)]
    brief: Brief,
}

impl Compare {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let now = host.now();
        // Two images need no project; where there is one, it says how registries are reached.
        let (session, _) = Session::start_for(host, false)?;
        let images = match (side::lock(&session, &self.first)?, side::lock(&session, &self.second)?) {
            (Some(first), Some(second)) => locks(&first, &second, &now),
            (None, None) => {
                let first = Side::read(&session, &self.first, None)?;
                let second = Side::read(&session, &self.second, first.repository())?;
                let [first, second] = side::images(&session, [first, second], "could not be compared")?;
                let pointing = if self.tags { pointing(&session, [&first, &second])? } else { None };
                vec![pair((None, pointing), Some(&first), Some(&second), &now)]
            }
            _ => {
                let failure = Failure::input("a lock and an image cannot be compared");
                return Err(
                    failure.help("name two images, or two locks: `{command} compare HEAD~1:images.lock images.lock`")
                );
            }
        };
        let different = images.iter().filter(|pair| pair.verdict != Some(Verdict::Same)).count();
        match host.global.format {
            Format::Json => super::json(host, &Compared { images })?,
            _ => host.shell.result(&text::of(&images)),
        }
        if self.exit_code && different > 0 {
            let what = format!("{} not the same content", super::lock::count(different));
            return Err(Failure::new(Kind::Check, Problem::new(what)));
        }
        Ok(())
    }
}

/// The images whose entries differ.
fn locks(first: &Lockfile, second: &Lockfile, now: &Created) -> Vec<Pair> {
    let mut names: Vec<&ImageName> = first.images.keys().chain(second.images.keys()).collect();
    names.sort();
    names.dedup();
    let both = names.into_iter().map(|name| (name, first.images.get(name), second.images.get(name)));
    let differ = both.filter(|(_, first, second)| first != second);
    differ.map(|(name, first, second)| pair((Some(name.clone()), None), first, second, now)).collect()
}

/// What the tags say that point at two images now.
fn pointing(session: &Session<'_>, [first, second]: [&LockedImage; 2]) -> Result<Option<Evidence>, Failure> {
    // What errors call them: they may be locked under no name.
    let tags = |called: &str, image: &LockedImage| {
        let name = called.parse().map_err(|error: NameError| Failure::input(error.to_string()))?;
        aliases::of_image(session, &name, image)
    };
    Ok(compare::aliases(&tags("first", first)?, &tags("second", second)?))
}

fn pair(
    (name, more): (Option<ImageName>, Option<Evidence>),
    first: Option<&LockedImage>,
    second: Option<&LockedImage>,
    now: &Created,
) -> Pair {
    let mut comparison = first.zip(second).map(|(first, second)| compare::images(first, second, Some(now)));
    if let Some(comparison) = &mut comparison {
        comparison.evidence.extend(more);
    }
    let verdict = comparison.as_ref().map(Comparison::verdict);
    let change = comparison.as_ref().map(Comparison::change);
    let evidence = comparison.map(|comparison| comparison.evidence).unwrap_or_default();
    Pair { name, first: first.map(Known::of), second: second.map(Known::of), verdict, change, evidence }
}

impl Known {
    fn of(image: &LockedImage) -> Self {
        let whole = image.tagged().map(|reference| reference.to_string());
        let layout = || image.layout().map(ToString::to_string).unwrap_or_default();
        Self { reference: whole.unwrap_or_else(layout), brief: Brief::of(image) }
    }
}
