//! `mirror`

mod blobs;
mod documents;
mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use clap::Args;
use futures_util::{StreamExt, stream};
use imagelock_core::lockfile::LockedImage;
use imagelock_core::{Digest, ImageName, Repository, Tag};
use imagelock_registry::{Cache, Client};
use serde::Serialize;

use self::blobs::{Carrier, How};
pub(super) use self::documents::listed;
use self::names::Names;
use super::update::known;
use crate::bundle::{self, Bundle, Extent, Reason, Run};
use crate::complete::image_names;
use crate::failure::{Failure, Kind, Problem};
use crate::host::{Format, Host};
use crate::network;
use crate::progress::Progress;
use crate::session::Session;

/// How long registries may take: hundreds of gigabytes over a usual line.
pub(crate) const TIME_LIMIT: Duration = Duration::from_hours(24);

/// How many images are looked at, or finished, at a time. The clients' own limits decide how many requests there are.
const IMAGES: usize = 16;

/// Copy what the lock names to a registry of one's own, and tell what images.toml takes to use it
///
/// Whole images, under the same digests and tags, with attestations, signatures and whatever else there is about them. What is
/// there already is not sent again, so a run that was killed is finished by another. Manifests are written behind all that they
/// name, and tags at the end. Images out of OCI layouts stay where they are: they are in the repository already.
#[derive(Args, Debug)]
pub struct Mirror {
    /// The registry, and what stands there in front of every repository's name
    #[arg(value_name = "REGISTRY[/PREFIX]")]
    to: imagelock_core::project::Mirror,
    /// Only these images; may be repeated
    #[arg(long = "image", value_name = "NAME", add = image_names())]
    names: Vec<ImageName>,
    /// Copy the images alone, and not what there is about them: signatures, attestations, bills of materials
    #[arg(long)]
    without_referrers: bool,
    /// Read every byte of every blob back at the end; without it, what the registry said to have before shows a piece
    #[arg(long)]
    verify_bytes: bool,
}

/// A locked image on its way.
struct Trip<'a> {
    name: &'a ImageName,
    image: &'a LockedImage,
    from: &'a Repository,
    to: Repository,
}

#[derive(Serialize)]
struct Mirrored<'a> {
    images: Vec<MirroredImage<'a>>,
    rewrite: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skipped: Vec<&'a ImageName>,
}

#[derive(Serialize)]
struct MirroredImage<'a> {
    name: &'a ImageName,
    to: String,
    digest: &'a Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'a Tag>,
    manifests: usize,
    blobs: usize,
    bytes: u64,
}

/// What became of the blobs of a run.
#[derive(Default)]
struct Counts {
    sent: u64,
    bytes: u64,
    mounted: u64,
    there: u64,
}

impl Mirror {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let session = Session::open(host)?;
        known(&session, &self.names)?;
        let lock = session.locked(&self.names)?;
        let names = Names::of(&self.to, &session.project);
        let wanted = lock.images.iter().filter(|(name, _)| self.names.is_empty() || self.names.contains(name));
        let (mut trips, mut skipped) = (Vec::new(), Vec::new());
        for (name, image) in wanted {
            match image.repository().filter(|from| from.host() != &self.to.host) {
                Some(from) => trips.push(Trip { name, image, from, to: names.target(from)? }),
                None => skipped.push(name),
            }
        }
        names::distinct(&trips)?;
        for name in &skipped {
            host.shell.status("Skipped", &format!("{name}: it is there already, or in a layout of the repository"));
        }
        host.shell.doing("Mirroring", &super::lock::count(trips.len()));
        let progress = Progress::bytes(&host.shell, "Mirroring");
        let resolver = session.resolver_within(TIME_LIMIT, progress.clone())?;
        let target = session.client(TIME_LIMIT, Cache::none(), progress.clone())?;
        let jobs = host.global.jobs.map_or(blobs::JOBS, usize::from);
        let work = self.work(&trips, resolver.client(), &target, &progress, jobs);
        let result = network::run_or(work, "what is there already is not sent again");
        progress.finish();
        let (images, counts) = result??;
        host.shell.status("Mirrored", &format!("{}: {counts}", super::lock::count(images.len())));
        let sources: BTreeSet<_> = trips.iter().map(|trip| trip.from.host()).collect();
        if host.global.format == Format::Json {
            return super::json(host, &Mirrored { images, rewrite: names.rewrites(&sources), skipped });
        }
        let lines = names.lines(&sources);
        if !lines.is_empty() {
            host.shell.doing("Add", "to images.toml what follows, and `render` names the mirror");
            host.shell.result(&lines);
        }
        Ok(())
    }

    async fn work<'a>(
        &self,
        trips: &'a [Trip<'a>],
        source: &Client,
        target: &Client,
        progress: &Progress,
        jobs: usize,
    ) -> Result<(Vec<MirroredImage<'a>>, Counts), Failure> {
        let extent = if self.without_referrers { Extent::Whole } else { Extent::WithReferrers };
        let run = Run::default();
        let bundles = stream::iter(trips).map(|trip| bundle::of(source, trip.image, extent, &run));
        let bundles: Vec<Result<Bundle, Reason>> = bundles.buffered(IMAGES).collect().await;
        let routes = routes(trips, &bundles);
        progress.whole(routes.values().map(|(size, places)| size.saturating_mul(places.len() as u64)).sum());
        let carrier = Carrier::new(source, target, progress, self.verify_bytes, jobs);
        let carried = stream::iter(&routes).map(|(digest, (size, places))| carrier.carry(digest, *size, places));
        let carried: Vec<_> = carried.buffer_unordered(IMAGES).collect().await;
        let carried: Carried<'_> = carried.into_iter().flatten().collect();
        let finished = stream::iter(trips.iter().zip(&bundles)).map(|(trip, bundle)| {
            let carried = &carried;
            async move {
                let bundle = bundle.as_ref().map_err(Clone::clone)?;
                documents::write(target, trip, bundle, carried).await.map(|()| mirrored(trip, bundle))
            }
        });
        let finished: Vec<Result<_, Reason>> = finished.buffered(IMAGES).collect().await;
        let counts = Counts::of(&routes, &carried);
        Ok((collected(trips, finished)?, counts))
    }
}

/// Which blobs go where, with their sizes: to which repositories of the target, from which ones of the sources.
type Routes<'a> = BTreeMap<&'a Digest, (u64, BTreeMap<&'a Repository, &'a Repository>)>;

/// What became of each blob in each repository of the target.
type Carried<'a> = BTreeMap<(&'a Repository, &'a Digest), Result<How, Reason>>;

/// Images share blobs: each goes once to each repository.
fn routes<'a>(trips: &'a [Trip<'a>], bundles: &'a [Result<Bundle, Reason>]) -> Routes<'a> {
    let mut routes = Routes::new();
    for (trip, bundle) in trips.iter().zip(bundles) {
        for (digest, size) in bundle.iter().flat_map(|bundle| &bundle.blobs) {
            let (_, places) = routes.entry(digest).or_insert_with(|| (*size, BTreeMap::new()));
            places.entry(&trip.to).or_insert(trip.from);
        }
    }
    routes
}

fn mirrored<'a>(trip: &'a Trip<'a>, bundle: &Bundle) -> MirroredImage<'a> {
    let manifests: u64 = bundle.documents.iter().map(|copied| copied.bytes.len() as u64).sum();
    MirroredImage {
        name: trip.name,
        to: trip.to.to_string(),
        digest: &trip.image.digest,
        tag: trip.image.tag.as_ref(),
        manifests: bundle.documents.len(),
        blobs: bundle.blobs.len(),
        bytes: manifests + bundle.blobs.values().sum::<u64>(),
    }
}

/// What was copied, or the problems of what was not.
fn collected<T>(trips: &[Trip<'_>], finished: Vec<Result<T, Reason>>) -> Result<Vec<T>, Failure> {
    let (mut done, mut problems, mut kind) = (Vec::new(), Vec::new(), Kind::Input);
    for (trip, finished) in trips.iter().zip(finished) {
        match finished {
            Ok(image) => done.push(image),
            Err(Reason { kind: of, text, help }) => {
                kind = kind.max(of);
                let message = format!("`{}` could not be mirrored: {text}", trip.name);
                problems.push(Problem { help, ..Problem::new(message) });
            }
        }
    }
    if problems.is_empty() { Ok(done) } else { Err(Failure { kind, problems }) }
}

impl Counts {
    fn of(routes: &Routes<'_>, carried: &Carried<'_>) -> Self {
        let mut counts = Self::default();
        for ((_, digest), how) in carried {
            match how {
                Ok(How::Sent) => {
                    counts.sent += 1;
                    counts.bytes += routes.get(digest).map_or(0, |(size, _)| *size);
                }
                Ok(How::Mounted) => counts.mounted += 1,
                Ok(How::There) => counts.there += 1,
                Err(_) => {}
            }
        }
        counts
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { sent, bytes, mounted, there } = self;
        write!(formatter, "{sent} blobs sent with {bytes} bytes, {mounted} taken over, {there} there already")
    }
}
