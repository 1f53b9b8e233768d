//! Everything that the page tells, gathered: what its template has.

use imagelock_core::lockfile::LockedImage;
use imagelock_core::update::Day;
use imagelock_core::{Created, ImageName, Lockfile, forge, plan};
use imagelock_survey::{Owners, State};
use serde::Serialize;

use super::ages::{self, Bar};
use super::difference::{self, Difference};
use super::outdated::{self, Outdated};
use super::places::{self, Kept, Unpinned, Use, Variant};
use crate::command::list;
use crate::command::outdated::age;
use crate::failure::Failure;
use crate::ground::Ground;
use crate::report::{counted, day};
use crate::seen::Seen;
use crate::session::Session;
use crate::snapshots;
use crate::survey;
use crate::targets;
use crate::users::Users;

/// What the page is made of, beside the documents of other commands.
pub(super) struct Inputs<'i> {
    pub(super) session: &'i Session<'i>,
    pub(super) lock: &'i Lockfile,
    pub(super) as_of: &'i Created,
    pub(super) title: &'i str,
}

/// What the template has.
#[derive(Serialize)]
pub(super) struct Page<'i> {
    title: &'i str,
    command: &'i str,
    as_of: String,
    out_of_date: usize,
    numbers: Vec<Number>,
    images: Vec<Image>,
    ages: Vec<Bar>,
    outdated: Option<Outdated>,
    held: Vec<Held>,
    ended: Vec<Over>,
    drift: Vec<Variant>,
    unpinned: Vec<Unpinned>,
    /// How many places a variable or a template decides about.
    open: usize,
    /// How many files could not be read.
    unread: usize,
    uses: Vec<Use>,
    difference: Option<Difference>,
}

/// A number at the top.
#[derive(Serialize)]
struct Number {
    id: &'static str,
    name: &'static str,
    value: usize,
}

/// A locked image. What is not known is empty, and keys are what columns are sorted by.
#[derive(Serialize)]
struct Image {
    name: String,
    place: String,
    tag: String,
    version: String,
    digest: String,
    short: String,
    created: String,
    created_key: String,
    age: String,
    seen: String,
    seen_key: String,
    platforms: String,
    users: usize,
    /// A link, and only of the shape of one.
    source: String,
    base: String,
    held: String,
}

/// An image that does not move.
#[derive(Serialize)]
struct Held {
    name: String,
    reason: String,
    until: String,
}

/// An image of a release that has ended.
#[derive(Serialize)]
struct Over {
    name: String,
    words: String,
}

impl<'i> Page<'i> {
    pub(super) fn of(
        inputs: &Inputs<'i>,
        outdated: Option<outdated::Document>,
        difference: Option<difference::Document>,
    ) -> Result<Self, Failure> {
        let Inputs { session, lock, as_of, title } = *inputs;
        let users = Users::of(session, lock)?;
        let seen = Seen::read(session)?;
        let surveyed = survey::of(session, lock, &[])?;
        let mentions = &surveyed.mentions;
        let (tables, ground) = (targets::read(&session.project)?, Ground::of(&session.root, &session.project)?);
        let rendering = targets::all(&tables, &ground.tree, &ground.context(lock), &|_| true);
        let kept = Kept::of(&rendering);
        let owners = Owners::of(&session.root.canonicalize_utf8()?).unwrap_or_else(|error| {
            session.host.shell.warn(&format!("nobody is told to own a file: {error}"));
            Owners::default()
        });
        let images: Vec<Image> =
            lock.images.iter().map(|(name, image)| inputs.image(name, image, &users, &seen)).collect();
        let ages: Vec<Option<i64>> = lock.images.values().map(|image| age(image, as_of)).collect();
        let outdated = outdated.map(|document| Outdated::of(document, lock));
        let (drift, unpinned) = (places::drifts(mentions), places::unpinned(mentions, &kept, &owners));
        let mut numbers = vec![
            number("images", "images", images.len()),
            number("platforms", "manifests of platforms", lock.images.values().map(|it| it.platforms.len()).sum()),
            number("references", "references in files", mentions.len()),
            number("unpinned", "without a digest", unpinned.len()),
            number("drift", "drifting variants", drift.len()),
        ];
        numbers.extend(outdated.as_ref().map(|outdated| number("waiting", "behind", outdated.count())));
        Ok(Self {
            title,
            command: &session.host.command,
            as_of: as_of.day(),
            out_of_date: plan::lock(&session.project, lock).resolve.len(),
            numbers,
            images,
            ages: ages::bars(&ages),
            outdated,
            held: inputs.held(),
            ended: inputs.ended()?,
            uses: places::uses(lock, &users, mentions, &kept, &owners),
            drift,
            unpinned,
            open: mentions.iter().filter(|mention| mention.state == State::Variable).count(),
            unread: surveyed.warnings.len(),
            difference: difference.map(Difference::of),
        })
    }
}

impl Inputs<'_> {
    fn image(&self, name: &ImageName, image: &LockedImage, users: &Users, seen: &Seen) -> Image {
        let Self { session, as_of, .. } = *self;
        let created = image.created.as_ref().filter(|created| created.is_evidence());
        let followed = image.repository().zip(image.tag.as_ref());
        let first = followed.and_then(|(repository, tag)| seen.all().first_seen(repository, tag, &image.digest));
        let platforms: Vec<String> = image.platforms.keys().map(ToString::to_string).collect();
        let hold = session.project.images.get(name).and_then(|declared| declared.update.held(as_of));
        let key = |time: &Created| time.unix_seconds().to_string();
        Image {
            name: name.to_string(),
            place: list::place(image),
            tag: image.tag.as_ref().map(ToString::to_string).unwrap_or_default(),
            version: image.version.clone().unwrap_or_default(),
            digest: image.digest.to_string(),
            short: image.digest.short().to_owned(),
            created: created.and_then(day).unwrap_or_default(),
            created_key: created.map(key).unwrap_or_default(),
            age: age(image, as_of).map(days).unwrap_or_default(),
            seen: first.map(Created::day).unwrap_or_default(),
            seen_key: first.map(key).unwrap_or_default(),
            platforms: platforms.join(" "),
            users: users.users(name).len(),
            source: image.source.as_deref().and_then(forge::page).unwrap_or_default(),
            base: image.base.name.clone().unwrap_or_default(),
            held: hold.map(|hold| hold.reason.clone()).unwrap_or_default(),
        }
    }

    /// The images whose releases have ended.
    fn ended(&self) -> Result<Vec<Over>, Failure> {
        let products = snapshots::products(self.session)?;
        let ended = Day::of(self.as_of).map(|today| snapshots::ended(&products, self.lock, today)).unwrap_or_default();
        Ok(ended.iter().map(|ended| Over { name: ended.name.to_string(), words: ended.words() }).collect())
    }

    /// The images that the project file holds.
    fn held(&self) -> Vec<Held> {
        let images = self.session.project.images.iter();
        let held = images.filter_map(|(name, declared)| {
            let hold = declared.update.held(self.as_of)?;
            let until = hold.until.map(Day::words).unwrap_or_default();
            Some(Held { name: name.to_string(), reason: hold.reason.clone(), until })
        });
        held.collect()
    }
}

fn number(id: &'static str, name: &'static str, value: usize) -> Number {
    Number { id, name, value }
}

fn days(days: i64) -> String {
    counted(usize::try_from(days).unwrap_or_default(), "day", "days")
}
