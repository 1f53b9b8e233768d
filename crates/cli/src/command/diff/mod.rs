//! `diff`

mod brought;
mod fixed;
mod lines;
mod markdown;
mod named;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use futures_util::{StreamExt, TryStreamExt, stream};
use imagelock_core::compare::{self, Evidence};
use imagelock_core::update::Level;
use imagelock_core::{ImageName, Lockfile, Platform};
use imagelock_inspect::{Difference, Verdict};
use imagelock_registry::{Client, Error};
use imagelock_survey::Owners;
use serde::Serialize;

pub(crate) use self::brought::brought;
use self::named::{Pair, pairs};
use super::side::reference;
use crate::complete::image_names;
use crate::contents::{self, BUDGET, Budget, Depth, Place, Side};
use crate::failure::{Failure, Kind, Problem};
use crate::host::{Format, Host};
use crate::network;
use crate::progress::Progress;
use crate::session::Session;
use crate::users::{User, Users};

/// How many images are asked for at a time; how many requests there are is the client's to say.
const AT_A_TIME: usize = 16;

/// Tell what an update brings: what of two locks or images runs in another way, and which packages differ
///
/// Without arguments, the lock of the last commit is compared with the one in the tree; with one, what it names is. A lock is
/// named by a revision, by the path of a file, or as `REV:images.lock`; an image by its name in images.lock or by a reference.
/// Commits are read from Git's files without starting Git.
///
/// The cheapest source is asked first, and each line says who answered: the digests in the locks, which need no request; the
/// configurations; what builders say beside the image in its index; what the registry lists about it; the databases of packages
/// in the layers that are not in both. Everything is asked for by digest, so the same locks give the same answer.
#[derive(Args, Debug)]
pub struct Diff {
    /// What was: a revision, a lock, or an image [default: HEAD]
    #[arg(value_name = "OLD", add = image_names())]
    old: Option<String>,
    /// What is: a revision, a lock, or an image [default: images.lock in the tree]
    #[arg(value_name = "NEW", add = image_names())]
    new: Option<String>,
    /// Only these images of two locks; may be repeated
    #[arg(long = "image", value_name = "NAME", add = image_names())]
    names: Vec<ImageName>,
    /// Only these platforms; may be repeated
    #[arg(long = "platform", value_name = "PLATFORM")]
    platforms: Vec<Platform>,
    /// How many bytes of layers may be read for one platform, where nobody lists its packages; 0 reads none [default: 500MB]
    #[arg(long, value_name = "BYTES", value_parser = contents::budget)]
    budget: Option<Budget>,
    /// Fail unless the same runs everywhere
    #[arg(long)]
    exit_code: bool,
}

/// What differs.
#[derive(Serialize)]
struct Document {
    images: Vec<Compared>,
}

/// One image, or two.
#[derive(Serialize)]
struct Compared {
    /// The name that both are locked under; nothing where two images were named.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<ImageName>,
    /// What was, as people write it.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// What is.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
    /// How big the step is.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'static str>,
    /// What both locks know, as `compare` tells it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    evidence: Vec<Evidence>,
    platforms: BTreeMap<Platform, Difference>,
    #[serde(rename = "usedBy", skip_serializing_if = "Vec::is_empty")]
    users: Vec<User>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    owners: BTreeSet<String>,
}

impl Diff {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let (session, _) = Session::start_for(host, false)?;
        let (pairs, new) = pairs(&session, &self)?;
        let progress = Progress::start(&host.shell, "Comparing", pairs.len());
        let resolver = session.resolver(progress.clone())?;
        let budget = self.budget.unwrap_or(BUDGET);
        let is_judged = !session.project.advisories.is_empty();
        let depth = if is_judged { Depth::Released(budget) } else { Depth::Whole(budget) };
        let work = async {
            let compared = stream::iter(&pairs).map(|pair| async {
                let compared = compared(&session, resolver.client(), pair, &self.platforms, depth).await;
                progress.step();
                compared.map_err(|error| (pair.called(), error))
            });
            compared.buffered(AT_A_TIME).try_collect::<Vec<Compared>>().await
        };
        let compared = network::run(work);
        progress.finish();
        let mut images = compared?.map_err(|(name, error)| failed(&name, &error))?;
        fixed::tell(&session, &mut images)?;
        if let Some(new) = &new {
            told_users(&session, new, &mut images)?;
        }
        let differ = images.iter().filter(|image| !image.is_same()).count();
        match host.global.format {
            Format::Json => super::json(host, &Document { images })?,
            Format::Markdown => host.shell.result(&markdown::of(&images)),
            _ => host.shell.result(&text::of(&images)),
        }
        if self.exit_code && differ > 0 {
            let what = format!("{} not the same content", super::count(differ));
            return Err(Failure::new(Kind::Check, Problem::new(what)));
        }
        Ok(())
    }
}

impl Compared {
    /// Whether the same runs.
    fn is_same(&self) -> bool {
        let same = |difference: &Difference| matches!(difference.verdict, Verdict::Same | Verdict::Repacked);
        self.from.is_some() && self.to.is_some() && self.platforms.values().all(same)
    }

    /// What people call it.
    fn called(&self) -> String {
        let reference = || self.to.clone().or_else(|| self.from.clone()).unwrap_or_default();
        self.name.as_ref().map_or_else(reference, ToString::to_string)
    }
}

/// What a pair differs in, platform by platform: all, or `only` some.
async fn compared(
    session: &Session<'_>,
    client: &Client,
    pair: &Pair,
    only: &[Platform],
    depth: Depth,
) -> Result<Compared, Error> {
    let (from, to) = (pair.from.as_ref(), pair.to.as_ref());
    let empty = BTreeMap::new();
    let (old, new) = (from.map_or(&empty, |image| &image.platforms), to.map_or(&empty, |image| &image.platforms));
    let wanted = |platform: &&Platform| only.is_empty() || only.contains(platform);
    let names: BTreeSet<&Platform> = old.keys().chain(new.keys()).filter(wanted).collect();
    let mut platforms = BTreeMap::new();
    if let Some((from, to)) = from.zip(to) {
        let (was, is) = (Place::of(from, client, &session.root)?, Place::of(to, client, &session.root)?);
        for name in names {
            let difference = match (old.get(name), new.get(name)) {
                (Some(one), Some(other)) => {
                    let from = Side { place: &was, image: from, platform: one };
                    let to = Side { place: &is, image: to, platform: other };
                    contents::difference(from, to, depth).await?
                }
                (Some(_), None) => Difference::told(Verdict::Removed),
                (None, _) => Difference::told(Verdict::Added),
            };
            platforms.insert(name.clone(), difference);
        }
    }
    Ok(Compared {
        name: pair.name.clone(),
        from: from.map(reference),
        to: to.map(reference),
        level: from.zip(to).map(|(from, to)| Level::between(from, to).name()),
        // Whatever was said to be made in the future is told as it is said: the clock has no part in a difference.
        evidence: from.zip(to).map(|(from, to)| compare::images(from, to, None).evidence).unwrap_or_default(),
        platforms,
        users: Vec::new(),
        owners: BTreeSet::new(),
    })
}

fn failed(name: &str, error: &Error) -> Failure {
    let kind = if error.is_input() { Kind::Input } else { Kind::Registry };
    let mut problem = Problem::new(format!("`{name}` could not be compared: {error}"));
    problem.help = error.help();
    Failure::new(kind, problem)
}

/// Adds who uses each image, and who owns those files.
fn told_users(session: &Session<'_>, new: &Lockfile, images: &mut [Compared]) -> Result<(), Failure> {
    let users = Users::of(session, new)?;
    let owners = Owners::of(&session.root.canonicalize_utf8()?).unwrap_or_default();
    for image in images {
        let Some(name) = &image.name else { continue };
        image.users = users.users(name);
        let owned = image.users.iter().flat_map(|user| owners.owners(&user.file)).map(str::to_owned);
        image.owners = owned.collect();
    }
    Ok(())
}
