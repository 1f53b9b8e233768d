//! `aliases`

use clap::Args;
use futures_util::future::try_join_all;
use imagelock_core::lockfile::LockedImage;
use imagelock_core::policy::{self, Likely};
use imagelock_core::{Digest, ImageName, Platform, Repository, Tag};
use imagelock_registry::Error;
use serde::Serialize;

use super::listed;
use super::update::known;
use crate::complete::image_names;
use crate::failure::Failure;
use crate::host::{Format, Host};
use crate::network;
use crate::progress::Progress;
use crate::report;
use crate::session::Session;
use crate::table::Table;

/// Tell which tags point at what is locked, so that `latest` reads as a version
///
/// Reads the list of the repository's tags, and asks with one `HEAD` for each of them, the likeliest first: those of the
/// version that the image says. What is left out is counted.
#[derive(Args, Debug)]
pub struct Aliases {
    /// The image
    #[arg(add = image_names())]
    name: ImageName,
    /// Ask only for tags that this regular expression matches, as in `^1\.`
    #[arg(long, value_name = "REGEX")]
    matching: Option<String>,
    /// How many tags are asked for
    #[arg(long, value_name = "COUNT", default_value_t = LIKELIEST)]
    limit: usize,
}

/// How many tags are asked for where nobody says how many.
const LIKELIEST: usize = 50;

/// What points at a locked image.
#[derive(Serialize)]
struct Answer<'a> {
    name: &'a ImageName,
    repository: &'a Repository,
    digest: &'a Digest,
    aliases: Vec<Alias<'a>>,
    /// How many tags were asked for.
    asked: usize,
    /// How many that would fit were not.
    left: usize,
    /// How many tags name what belongs to an image, and were not asked for.
    attached: usize,
}

/// A tag that points at it.
#[derive(Serialize)]
struct Alias<'a> {
    tag: &'a Tag,
    /// Whether it is the locked tag.
    locked: bool,
    /// The platform, where the tag points at the manifest of that alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<&'a Platform>,
}

impl Aliases {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let session = Session::open(host)?;
        known(&session, std::slice::from_ref(&self.name))?;
        let lockfile = session.locked(std::slice::from_ref(&self.name))?;
        let Some((name, image)) = lockfile.images.get_key_value(&self.name) else { return Ok(()) };
        let Some(repository) = image.repository() else {
            return Err(Failure::input(format!("`{name}` is in a layout, and no tags of a registry point there")));
        };
        let matching = self.matching.as_deref().map(policy::matching).transpose();
        let matching = matching.map_err(|reason| Failure::input(format!("`--matching` is no expression: {reason}")))?;
        let fits = |tag: &Tag| matching.as_ref().is_none_or(|matching| matching(tag));
        let Asked { tags, left, attached } = Asked::of(&session, (name, image, repository), fits, self.limit)?;
        let aliases = tags.iter().filter_map(|(tag, digest)| alias(image, tag, digest.as_ref()?));
        let (digest, aliases) = (&image.digest, aliases.collect());
        let answer = Answer { name, repository, digest, aliases, asked: tags.len(), left, attached };
        if host.global.format == Format::Json {
            return super::json(host, &answer);
        }
        host.shell.result(&text(&answer, host));
        Ok(())
    }
}

/// The tags that were asked for, the likeliest first, each with what it points at; nothing where it is gone since.
struct Asked {
    tags: Vec<(Tag, Option<Digest>)>,
    left: usize,
    attached: usize,
}

impl Asked {
    fn of(
        session: &Session<'_>,
        (name, image, repository): (&ImageName, &LockedImage, &Repository),
        fits: impl Fn(&Tag) -> bool,
        limit: usize,
    ) -> Result<Self, Failure> {
        let undone = "could not be told";
        let list = listed::tags(session, name, repository, undone)?;
        let Likely { tags: mut fitting, attached } = policy::likely(&list.tags, image);
        fitting.retain(|tag| fits(tag));
        let left = fitting.len().saturating_sub(limit);
        fitting.truncate(limit);
        let found = point(session, repository, &fitting)?;
        let found = found.map_err(|error| report::unresolved(session, &[(name.clone(), error)], 1, undone))?;
        let tags = fitting.into_iter().cloned().zip(found).collect();
        Ok(Self { tags, left, attached })
    }
}

/// The tags that point at an image, of the likeliest ones; none for one that is in no registry.
pub(super) fn of_image(session: &Session<'_>, name: &ImageName, image: &LockedImage) -> Result<Vec<Tag>, Failure> {
    let Some(repository) = image.repository() else { return Ok(Vec::new()) };
    let Asked { tags, .. } = Asked::of(session, (name, image, repository), |_| true, LIKELIEST)?;
    let points = tags.into_iter().filter(|(_, digest)| digest.as_ref() == Some(&image.digest));
    Ok(points.map(|(tag, _)| tag).collect())
}

/// What each tag points at; nothing where it is gone since it was listed.
fn point(
    session: &Session<'_>,
    repository: &Repository,
    tags: &[&Tag],
) -> Result<Result<Vec<Option<Digest>>, Error>, Failure> {
    let progress = Progress::start(&session.host.shell, "Asking", tags.len());
    let resolver = session.resolver(progress.clone())?;
    let asked = tags.iter().map(async |tag| {
        let reference = repository.with(Some((*tag).clone()), None);
        let found = resolver.client().head(&reference).await;
        progress.step();
        found.map(|found| found.map(|descriptor| descriptor.digest))
    });
    let found = network::run_or(try_join_all(asked), "nothing is told");
    progress.finish();
    found
}

fn alias<'a>(image: &'a LockedImage, tag: &'a Tag, digest: &Digest) -> Option<Alias<'a>> {
    let platform = image.platforms.iter().find(|(_, locked)| locked.digest == *digest).map(|(platform, _)| platform);
    let whole = image.digest == *digest;
    let locked = image.tag.as_ref() == Some(tag);
    (whole || platform.is_some()).then(|| Alias { tag, locked, platform: platform.filter(|_| !whole) })
}

fn text(answer: &Answer<'_>, host: &Host) -> String {
    let Answer { name, repository, digest, aliases, asked, left, attached } = answer;
    let mut text = format!("{name}: {repository}@{}\n", digest.short());
    let row = |alias: &Alias<'_>| {
        let platform = alias.platform.map(|platform| format!("{platform} alone"));
        let locked = if alias.locked { "locked" } else { "" };
        [alias.tag.to_string(), platform.unwrap_or_default(), locked.to_owned()]
    };
    let table = Table { heads: None, rows: aliases.iter().map(row).collect(), steps: &[] };
    for line in table.lines(host.shell.out.width.map(|width| width.saturating_sub(2))) {
        text.push_str(&format!("  {line}\n"));
    }
    if aliases.is_empty() {
        text.push_str("  no tag that was asked for points there\n");
    }
    let tags = |count: usize| if count == 1 { "1 tag".to_owned() } else { format!("{count} tags") };
    let attached = match attached {
        0 => String::new(),
        count => format!("; {} of signatures and the like", tags(*count)),
    };
    let more = match left {
        0 => String::new(),
        left => format!("; {left} left out: `--matching REGEX` asks for others, `--limit` for more"),
    };
    text.push_str(&format!("  asked for {}{more}{attached}\n", tags(*asked)));
    text
}
