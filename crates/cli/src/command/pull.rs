//! `pull`

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, ValueHint};
use futures_util::{StreamExt, stream};
use imagelock_core::lockfile::LockedImage;
use imagelock_core::{Digest, ImageName, Lockfile, Platform};
use imagelock_files::{FileError, Writer};
use imagelock_registry::{Client, is_content_of};
use serde::Serialize;

use super::update::known;
use crate::complete::image_names;
use crate::failure::{Failure, Kind, Problem};
use crate::host::{Format, Host};
use crate::network;
use crate::progress::Progress;
use crate::session::Session;

/// How long registries may take: hundreds of gigabytes over a usual line.
const TIME_LIMIT: Duration = Duration::from_hours(24);

/// The most indexes and manifests of one image, attestations and the platforms that nobody locked among them.
const MOST_DOCUMENTS: usize = 10_000;

/// The most layers and configurations of one image.
const MOST_BLOBS: usize = 100_000;

/// Copy what the lock names to directories that builds without a network read
///
/// Every byte is checked against its digest. What is there already is not fetched again.
#[derive(Args, Debug)]
pub struct Pull {
    /// An OCI image layout directory, with whole images: every platform that their indexes name
    #[arg(value_name = "DIRECTORY", required_unless_present_any = ["bazel_cache", "distdir"], value_hint = ValueHint::DirPath)]
    layout: Option<Utf8PathBuf>,
    /// A repository cache of Bazel, as in `--repository_cache`: the locked platforms' manifests and blobs
    #[arg(long, value_name = "DIRECTORY", value_hint = ValueHint::DirPath)]
    bazel_cache: Option<Utf8PathBuf>,
    /// A directory for Bazel's `--distdir`, with the same
    #[arg(long, value_name = "DIRECTORY", value_hint = ValueHint::DirPath)]
    distdir: Option<Utf8PathBuf>,
    /// Only these images; may be repeated
    #[arg(long = "image", value_name = "NAME", add = image_names())]
    names: Vec<ImageName>,
}

#[derive(Serialize)]
struct Pulled<'a> {
    name: &'a ImageName,
    blobs: usize,
    bytes: u64,
}

impl Pull {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let session = Session::open(host)?;
        known(&session, &self.names)?;
        let lock = session.locked(&self.names)?;
        let images: BTreeMap<&ImageName, &LockedImage> =
            lock.images.iter().filter(|(name, image)| self.takes(name) && image.repository().is_some()).collect();
        host.shell.doing("Pulling", &super::lock::count(images.len()));
        let progress = Progress::start(&host.shell, "Pulling", images.len());
        let resolver = session.resolver_within(TIME_LIMIT, progress.clone())?;
        let places = self.places(&session.directory);
        let client = resolver.client();
        // The client's own limits decide how many requests there are at a time.
        let work = async {
            let documents =
                stream::iter(&images).map(|(name, image)| async { (*name, documents(client, image, &places).await) });
            let documents: Vec<_> = documents.buffered(16).collect().await;
            // Images share layers: each is fetched once, from the first repository that has it.
            let mut wanted: BTreeMap<&Digest, (&LockedImage, u64)> = BTreeMap::new();
            for (name, found) in &documents {
                for (digest, size) in found.iter().flat_map(|found| &found.blobs) {
                    wanted.entry(digest).or_insert((images[name], *size));
                }
            }
            let fetches = stream::iter(&wanted)
                .map(|(digest, (image, size))| async { (*digest, fetch(client, image, digest, *size, &places).await) });
            let fetched: Vec<_> = fetches.buffer_unordered(16).collect().await;
            let failed: BTreeMap<Digest, Reason> =
                fetched.into_iter().filter_map(|(digest, result)| Some((digest.clone(), result.err()?))).collect();
            (documents, failed)
        };
        let result = network::run_or(work, "what is there already is not fetched again");
        progress.finish();
        let (documents, failed) = result?;
        let (mut problems, mut kind) = (Vec::new(), Kind::Input);
        let mut pulled = Vec::new();
        for (name, found) in documents {
            let broken = |found: &Documents| found.blobs.keys().find_map(|digest| failed.get(digest)).cloned();
            match found.and_then(|found| broken(&found).map_or(Ok(found), Err)) {
                Ok(Documents { count, bytes, blobs }) => {
                    let bytes = bytes + blobs.values().sum::<u64>();
                    pulled.push(Pulled { name, blobs: count + blobs.len(), bytes });
                }
                Err(reason) => {
                    kind = kind.max(reason.kind);
                    problems.push(Problem::new(format!("`{name}` could not be pulled: {}", reason.text)));
                }
            }
        }
        if !problems.is_empty() {
            return Err(Failure { kind, problems });
        }
        if let Some(layout) = &places.layout {
            write_layout(layout, &lock, &images)?;
        }
        let bytes: u64 = pulled.iter().map(|pulled| pulled.bytes).sum();
        host.shell.status("Pulled", &format!("{}, {bytes} bytes", super::lock::count(pulled.len())));
        if host.global.format == Format::Json { super::json(host, &pulled) } else { Ok(()) }
    }

    fn takes(&self, name: &ImageName) -> bool {
        self.names.is_empty() || self.names.contains(name)
    }

    fn places(&self, directory: &Utf8Path) -> Places {
        let place = |path: &Option<Utf8PathBuf>| path.as_ref().map(|path| Folder::at(directory.join(path)));
        Places { layout: place(&self.layout), bazel_cache: place(&self.bazel_cache), distdir: place(&self.distdir) }
    }
}

/// A directory that is filled. Whoever made it may have put links into it: none is followed.
struct Folder {
    path: Utf8PathBuf,
    writer: Writer,
}

impl Folder {
    fn at(path: Utf8PathBuf) -> Self {
        Self { writer: Writer::new(&path), path }
    }
}

/// The directories that are filled.
struct Places {
    layout: Option<Folder>,
    bazel_cache: Option<Folder>,
    distdir: Option<Folder>,
}

/// Why an image could not be pulled: a registry did not give it, or it could not be written.
#[derive(Clone)]
struct Reason {
    kind: Kind,
    text: String,
}

impl Reason {
    fn registry(text: impl Into<String>) -> Self {
        Self { kind: Kind::Registry, text: text.into() }
    }
}

impl From<FileError> for Reason {
    fn from(error: FileError) -> Self {
        Self { kind: Kind::of(&error), text: error.to_string() }
    }
}

/// Where in a directory something goes.
type PlaceInFolder<'a> = (&'a Folder, Utf8PathBuf);

impl Places {
    /// Where a blob goes. Bazel's places take SHA-256 only, as Bazel does.
    fn of(&self, digest: &Digest) -> Vec<PlaceInFolder<'_>> {
        let (algorithm, hex) = (digest.algorithm().name(), digest.hex());
        let layout = self.layout.iter().map(|folder| (folder, format!("blobs/{algorithm}/{hex}").into()));
        let cache = format!("content_addressable/{algorithm}/{hex}/file");
        let cache = self.bazel_cache.iter().map(|folder| (folder, Utf8PathBuf::from(&cache)));
        let distdir = self.distdir.iter().map(|folder| (folder, digest.as_str().into()));
        layout.chain(cache).chain(distdir).collect()
    }
}

/// The manifests of an image, which are copied, and the blobs that they name, which are not yet.
struct Documents {
    count: usize,
    bytes: u64,
    blobs: BTreeMap<Digest, u64>,
}

async fn documents(client: &Client, image: &LockedImage, places: &Places) -> Result<Documents, Reason> {
    let repository = image.repository().ok_or_else(|| Reason::registry("it is in no registry"))?;
    let mut left: Vec<Digest> = if places.layout.is_some() {
        vec![image.digest.clone()]
    } else {
        image.platforms.values().map(|platform| platform.digest.clone()).collect()
    };
    // A registry that forgot the digest may still have the tag.
    client.name(repository, image.tag.as_ref(), &image.digest);
    let whole = repository.with(image.tag.clone(), image.tag.is_none().then(|| image.digest.clone())).to_string();
    let locked = image.platforms.iter().map(|(platform, locked)| (locked.digest.clone(), platform.clone()));
    let mut platforms: BTreeMap<Digest, Platform> = locked.collect();
    let mut seen: BTreeSet<Digest> = left.iter().cloned().collect();
    let mut found = Documents { count: 0, bytes: 0, blobs: BTreeMap::new() };
    while let Some(digest) = left.pop() {
        let (bytes, document) = client.document(repository, &digest).await.map_err(|error| {
            let error = match platforms.get(&digest) {
                Some(platform) => error.serving(platform.as_str()),
                None => error,
            };
            Reason::registry(error.serving(&whole).to_string())
        })?;
        platforms.extend(document.platforms().map(|(digest, platform)| (digest.clone(), platform.clone())));
        for (folder, path) in places.of(&digest) {
            folder.writer.put(&path, &bytes)?;
        }
        found.count += 1;
        found.bytes += bytes.len() as u64;
        // Many ways may lead to one document, and each further index doubles them.
        left.extend(
            document.documents().map(|entry| entry.digest.clone()).filter(|digest| seen.insert(digest.clone())),
        );
        if seen.len() > MOST_DOCUMENTS {
            return Err(Reason::registry(format!("it has more than {MOST_DOCUMENTS} indexes and manifests")));
        }
        found.blobs.extend(document.blobs().map(|blob| (blob.digest.clone(), blob.size)));
        if found.blobs.len() > MOST_BLOBS {
            return Err(Reason::registry(format!("it has more than {MOST_BLOBS} layers and configurations")));
        }
    }
    Ok(found)
}

async fn fetch(
    client: &Client,
    image: &LockedImage,
    digest: &Digest,
    size: u64,
    places: &Places,
) -> Result<(), Reason> {
    let repository = image.repository().ok_or_else(|| Reason::registry("it is in no registry"))?;
    let places = places.of(digest);
    for (folder, path) in &places {
        // A link in place of a folder is refused before anything is looked for behind it.
        folder.writer.place(path)?;
    }
    let whole = |(folder, path): &PlaceInFolder<'_>| folder.path.join(path);
    let (there, absent): (Vec<_>, Vec<_>) = places.iter().partition(|place| holds(&whole(place), digest, size));
    let Some(first) = there.first().or(absent.first()) else { return Ok(()) };
    let source = whole(first);
    if there.is_empty() {
        client
            .blob_to_file(repository, digest, Some(size), &source)
            .await
            .map_err(|error| Reason::registry(error.to_string()))?;
    }
    for (folder, path) in absent.iter().filter(|place| whole(place) != source) {
        let file = imagelock_files::open(&source)?.ok_or_else(|| Reason::registry("another run took it away"))?;
        folder.writer.copy(path, file)?;
    }
    Ok(())
}

/// Whether a place has a blob already, byte for byte, and in a file of its own.
fn holds(place: &Utf8Path, digest: &Digest, size: u64) -> bool {
    let same_size = place.symlink_metadata().is_ok_and(|metadata| metadata.is_file() && metadata.len() == size);
    let opened = if same_size { imagelock_files::open(place).ok().flatten() } else { None };
    opened.is_some_and(|file| is_content_of(file, digest).unwrap_or(false))
}

/// The files that make a directory of blobs an OCI image layout (OCI image-spec, `image-layout.md`).
fn write_layout(folder: &Folder, lock: &Lockfile, images: &BTreeMap<&ImageName, &LockedImage>) -> Result<(), Failure> {
    let manifests: Vec<serde_json::Value> = lock
        .images
        .iter()
        .filter(|(name, _)| images.contains_key(*name))
        .filter_map(|(_, image)| {
            let name = image.repository()?.with(image.tag.clone(), None).to_string();
            Some(serde_json::json!({
                "mediaType": image.media_type, "digest": image.digest, "size": image.size,
                "annotations": { "org.opencontainers.image.ref.name": name },
            }))
        })
        .collect();
    let index = serde_json::json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": manifests,
    });
    folder.writer.put("oci-layout".into(), b"{\"imageLayoutVersion\":\"1.0.0\"}")?;
    folder.writer.put("index.json".into(), format!("{index:#}\n").as_bytes())?;
    Ok(())
}
