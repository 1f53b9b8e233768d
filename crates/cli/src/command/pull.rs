//! `pull`

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, ValueHint};
use futures_util::{StreamExt, stream};
use imagelock_core::lockfile::LockedImage;
use imagelock_core::oci::INDEX;
use imagelock_core::{Digest, ImageName, Lockfile};
use imagelock_files::Writer;
use imagelock_registry::{Client, is_content_of};
use serde::Serialize;
use serde_json::{Value, json};

use super::mirror::{TIME_LIMIT, listed};
use super::update::known;
use crate::bundle::{self, Bundle, Extent, Part, Reason, Run};
use crate::complete::image_names;
use crate::failure::{Failure, Kind, Problem};
use crate::host::{Format, Host};
use crate::network;
use crate::progress::Progress;
use crate::session::Session;

/// What an entry of a layout is called (OCI image-spec, `annotations.md`).
const NAME: &str = "org.opencontainers.image.ref.name";

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
    /// Copy the images alone, and not what there is about them: signatures, attestations, bills of materials
    #[arg(long)]
    without_referrers: bool,
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
        let (extent, run) = (self.extent(), Run::default());
        let work = async {
            // The client's own limits decide how many requests there are at a time.
            let documents = stream::iter(images.values()).map(|image| documents(client, image, extent, &run, &places));
            let documents: Vec<_> = documents.buffered(16).collect().await;
            let failed = blobs(client, &images, &documents, &places).await;
            (documents, failed)
        };
        let result = network::run_or(work, "what is there already is not fetched again");
        progress.finish();
        let (documents, failed) = result?;
        let (pulled, bundles) = collected(&images, documents, &failed)?;
        if let Some(layout) = &places.layout {
            write_layout(layout, &lock, &images, &bundles)?;
        }
        let bytes: u64 = pulled.iter().map(|pulled| pulled.bytes).sum();
        host.shell.status("Pulled", &format!("{}, {bytes} bytes", super::lock::count(pulled.len())));
        if host.global.format == Format::Json { super::json(host, &pulled) } else { Ok(()) }
    }

    fn takes(&self, name: &ImageName) -> bool {
        self.names.is_empty() || self.names.contains(name)
    }

    /// Bazel asks for the locked platforms alone, and a layout has whole images.
    fn extent(&self) -> Extent {
        match (&self.layout, self.without_referrers) {
            (None, _) => Extent::Platforms,
            (Some(_), true) => Extent::Whole,
            (Some(_), false) => Extent::WithReferrers,
        }
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

/// Finds what is copied of an image, and writes its documents. Nothing names them before the blobs are there too.
async fn documents(
    client: &Client,
    image: &LockedImage,
    extent: Extent,
    run: &Run,
    places: &Places,
) -> Result<Bundle, Reason> {
    let bundle = bundle::of(client, image, extent, run).await?;
    for copied in &bundle.documents {
        for (folder, path) in places.of(&copied.digest) {
            folder.writer.put(&path, &copied.bytes)?;
        }
    }
    Ok(bundle)
}

/// Fetches the blobs of all images, and returns those that could not be.
async fn blobs(
    client: &Client,
    images: &BTreeMap<&ImageName, &LockedImage>,
    documents: &[Result<Bundle, Reason>],
    places: &Places,
) -> BTreeMap<Digest, Reason> {
    // Images share layers: each is fetched once, from the first repository that has it.
    let mut wanted: BTreeMap<&Digest, (&LockedImage, u64)> = BTreeMap::new();
    for (image, found) in images.values().zip(documents) {
        for (digest, size) in found.iter().flat_map(|found| &found.blobs) {
            wanted.entry(digest).or_insert((image, *size));
        }
    }
    let fetches = stream::iter(&wanted)
        .map(|(digest, (image, size))| async { (*digest, fetch(client, image, digest, *size, places).await) });
    let fetched: Vec<_> = fetches.buffer_unordered(16).collect().await;
    fetched.into_iter().filter_map(|(digest, result)| Some((digest.clone(), result.err()?))).collect()
}

/// What was pulled, or the problems of what was not.
fn collected<'a>(
    images: &BTreeMap<&'a ImageName, &LockedImage>,
    documents: Vec<Result<Bundle, Reason>>,
    failed: &BTreeMap<Digest, Reason>,
) -> Result<(Vec<Pulled<'a>>, Vec<Bundle>), Failure> {
    let (mut problems, mut kind) = (Vec::new(), Kind::Input);
    let (mut pulled, mut bundles) = (Vec::new(), Vec::new());
    for (name, found) in images.keys().zip(documents) {
        let broken = |found: &Bundle| found.blobs.keys().find_map(|digest| failed.get(digest)).cloned();
        match found.and_then(|found| broken(&found).map_or(Ok(found), Err)) {
            Ok(bundle) => {
                let bytes = bundle.documents.iter().map(|copied| copied.bytes.len() as u64).sum::<u64>();
                let bytes = bytes + bundle.blobs.values().sum::<u64>();
                pulled.push(Pulled { name, blobs: bundle.documents.len() + bundle.blobs.len(), bytes });
                bundles.push(bundle);
            }
            Err(Reason { kind: of, text, help }) => {
                kind = kind.max(of);
                problems.push(Problem { help, ..Problem::new(format!("`{name}` could not be pulled: {text}")) });
            }
        }
    }
    if problems.is_empty() { Ok((pulled, bundles)) } else { Err(Failure { kind, problems }) }
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

/// The files that make a directory of blobs an OCI image layout (OCI image-spec, `image-layout.md`). What is about images stands
/// beside them, where tools look for what names a subject.
fn write_layout(
    folder: &Folder,
    lock: &Lockfile,
    images: &BTreeMap<&ImageName, &LockedImage>,
    bundles: &[Bundle],
) -> Result<(), Failure> {
    let mut manifests: Vec<Value> = lock
        .images
        .iter()
        .filter(|(name, _)| images.contains_key(*name))
        .filter_map(|(_, image)| {
            let name = image.repository()?.with(image.tag.clone(), None).to_string();
            Some(json!({
                "mediaType": image.media_type, "digest": image.digest, "size": image.size,
                "annotations": { NAME: name },
            }))
        })
        .collect();
    for (image, bundle) in images.values().zip(bundles) {
        for copied in bundle.documents.iter().filter(|copied| copied.part == Part::Beside) {
            let mut entry = listed(copied);
            let repository = image.repository().filter(|_| copied.tag.is_some());
            if let Some(repository) = repository {
                entry["annotations"][NAME] = json!(repository.with(copied.tag.clone(), None).to_string());
            }
            // Two names of one image have the same beside them.
            if !manifests.contains(&entry) {
                manifests.push(entry);
            }
        }
    }
    let index = json!({
        "schemaVersion": 2, "mediaType": INDEX, "manifests": manifests,
    });
    folder.writer.put("oci-layout".into(), b"{\"imageLayoutVersion\":\"1.0.0\"}")?;
    folder.writer.put("index.json".into(), format!("{index:#}\n").as_bytes())?;
    Ok(())
}
