//! `inspect`

mod text;

use std::collections::BTreeMap;

use clap::{Args, ValueEnum};
use imagelock_core::lockfile::LockedImage;
use imagelock_core::oci::Configuration;
use imagelock_core::update::Day;
use imagelock_core::{Digest, Platform};
use imagelock_inspect::advisory::Release;
use imagelock_inspect::attested::Provenance;
use imagelock_inspect::endoflife::Product;
use imagelock_inspect::{By, Description, Grade, NotRead, Package, bom};
use imagelock_registry::Error;
use serde::Serialize;

use super::side::{self, Side, reference};
use crate::complete::image_names;
use crate::contents::{self, BUDGET, Budget, Place};
use crate::failure::{Failure, Kind, Problem};
use crate::host::{Format, Host};
use crate::network;
use crate::progress::Progress;
use crate::report::Brief;
use crate::session::Session;
use crate::snapshots;
use crate::trust::{self, Signed};

/// Tell what is in an image, and who says so
///
/// An image is the name of a locked one, or a reference with a tag or a digest. What it runs is read from its configuration;
/// its packages are those that its builder lists beside it in its index, else those that the registry lists as being about it,
/// else those that the databases in its layers say.
/// Which attestations and signatures there are is told, and none of them is judged but what is kept of those that are demanded.
#[derive(Args, Debug)]
pub struct Inspect {
    /// The image
    #[arg(value_name = "IMAGE", add = image_names())]
    image: String,
    /// The platform; may be repeated [default: linux/amd64, or the first that there is]
    #[arg(long = "platform", value_name = "PLATFORM")]
    platforms: Vec<Platform>,
    /// How many bytes of layers may be read for one platform, where nobody lists its packages; 0 reads none [default: 500MB]
    #[arg(long, value_name = "BYTES", value_parser = contents::budget)]
    budget: Option<Budget>,
    /// Write a bill of materials of one platform instead
    #[arg(long, value_name = "FORMAT", value_enum)]
    sbom: Option<Sbom>,
}

/// A format of a bill of materials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Sbom {
    /// CycloneDX 1.6 in JSON
    Cyclonedx,
    /// SPDX 2.3 in JSON
    Spdx,
}

/// What is known of an image.
#[derive(Serialize)]
struct Inspected {
    /// As people write it, with its digest.
    reference: String,
    #[serde(flatten)]
    brief: Brief,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "imagelock_core::Base::is_empty")]
    base: imagelock_core::Base,
    /// How far what is kept says that it is signed, where it is asked for by its name and has to be.
    #[serde(flatten)]
    signed: Signed,
    /// What was looked at.
    inspected: BTreeMap<Platform, Whole>,
}

/// What is known of a platform.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole {
    /// The digest of the manifest.
    manifest: Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<Configuration>,
    /// What has to be fetched to run it, in bytes.
    size: u64,
    layers: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    packages: Option<Listed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provenance: Option<Provenance>,
    /// Attestations and signatures that are there, by name.
    attestations: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_read: Vec<NotRead>,
}

#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    by: By,
    grade: Grade,
    /// The release that they are of, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    release: Option<Of>,
    items: Vec<Item>,
}

/// A release of a distribution.
#[derive(Serialize)]
struct Of {
    os: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// When it ends or has ended, in words; nothing where no snapshot says.
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
}

#[derive(Serialize)]
struct Item {
    purl: String,
    name: String,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    license: Option<String>,
}

impl Inspect {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        // An image needs no project; where there is one, it says how registries are reached.
        let (session, _) = Session::start_for(host, false)?;
        let asked = Side::read(&session, &self.image, None)?;
        let [image] = side::images(&session, [asked], "could not be inspected")?;
        let platforms = self.platforms(&image)?;
        if self.sbom.is_some() && platforms.len() > 1 {
            return Err(Failure::input("a bill of materials is of one platform: name one with `--platform`"));
        }
        let progress = Progress::start(&host.shell, "Inspecting", platforms.len());
        let resolver = session.resolver(progress.clone())?;
        let work = async {
            let place = Place::of(&image, resolver.client(), &session.root)?;
            let mut found = Vec::new();
            for platform in platforms {
                let side = contents::Side { place: &place, image: &image, platform: &image.platforms[&platform] };
                let description = contents::description(side, self.budget.unwrap_or(BUDGET)).await?;
                let about = if self.sbom.is_some() { Vec::new() } else { contents::about(&place, side).await? };
                found.push((platform, description, about));
                progress.step();
            }
            Ok::<_, Error>(found)
        };
        let found = network::run(work);
        progress.finish();
        let found = found?.map_err(|error| self.failed(&error))?;
        if let Some(format) = self.sbom {
            let written =
                found.first().and_then(|(platform, description, _)| sbom(format, &image, platform, description));
            let none =
                || Failure::new(Kind::Check, Problem::new(format!("nobody lists the packages of `{}`", self.image)));
            host.shell.content(written.ok_or_else(none)?.as_bytes());
            return Ok(());
        }
        let mut inspected = Inspected::of(&image, found);
        inspected.signed = self.signed(&session)?;
        if let Some(today) = Day::of(&host.now()) {
            inspected.say_when_releases_end(&snapshots::products(&session)?, today);
        }
        match host.global.format {
            Format::Json => super::json(host, &inspected)?,
            _ => host.shell.result(&text::of(&inspected)),
        }
        Ok(())
    }

    /// How far a locked image is signed. What is only named by a reference has no policy.
    fn signed(&self, session: &Session<'_>) -> Result<Signed, Failure> {
        let mut lock = session.lockfile()?;
        lock.images.retain(|name, _| name.as_str() == self.image);
        Ok(trust::grades_kept(session, &lock)?.values().next().map(Signed::of).unwrap_or_default())
    }

    /// The platforms that are looked at.
    fn platforms(&self, image: &LockedImage) -> Result<Vec<Platform>, Failure> {
        let has = || image.platforms.keys().map(Platform::as_str).collect::<Vec<_>>().join(", ");
        if let Some(missing) = self.platforms.iter().find(|platform| !image.platforms.contains_key(*platform)) {
            return Err(Failure::input(format!("`{}` is not there for {missing}, but for {}", self.image, has())));
        }
        if !self.platforms.is_empty() {
            return Ok(self.platforms.clone());
        }
        let usual = image.platforms.keys().find(|platform| platform.as_str() == "linux/amd64");
        Ok(usual.or_else(|| image.platforms.keys().next()).cloned().into_iter().collect())
    }

    fn failed(&self, error: &Error) -> Failure {
        let kind = if error.is_input() { Kind::Input } else { Kind::Registry };
        let mut problem = Problem::new(format!("`{}` could not be inspected: {error}", self.image));
        problem.help = error.help();
        Failure::new(kind, problem)
    }
}

impl Inspected {
    fn of(image: &LockedImage, found: Vec<(Platform, Description, Vec<String>)>) -> Self {
        let whole = |(platform, description, attestations): (Platform, Description, Vec<String>)| {
            let manifest = image.platforms[&platform].digest.clone();
            (platform, Whole::of(manifest, description, attestations))
        };
        Self {
            reference: reference(image),
            brief: Brief::of(image),
            revision: image.revision.clone(),
            source: image.source.clone(),
            base: image.base.clone(),
            signed: Signed::default(),
            inspected: found.into_iter().map(whole).collect(),
        }
    }
}

impl Inspected {
    /// Adds when the releases end, as the snapshots of `[endoflife]` say.
    fn say_when_releases_end(&mut self, products: &BTreeMap<String, Product>, today: Day) {
        let listed = self.inspected.values_mut().filter_map(|whole| whole.packages.as_mut());
        for release in listed.filter_map(|listed| listed.release.as_mut()) {
            let version = release.version.as_deref().unwrap_or_default();
            let cycle = products.get(&release.os).and_then(|product| product.cycle(version));
            release.end = cycle.and_then(|cycle| cycle.words(today));
        }
    }
}

impl Whole {
    fn of(manifest: Digest, description: Description, attestations: Vec<String>) -> Self {
        let item = |package: Package| Item {
            purl: package.purl.at(&package.version),
            name: package.purl.name(),
            version: package.version,
            license: package.license,
        };
        let packages = description.packages.map(|listing| Listed {
            by: listing.by,
            grade: listing.by.grade(),
            release: listing.release.map(|Release { id, version }| Of { os: id, version, end: None }),
            items: listing.packages.into_iter().map(item).collect(),
        });
        Self {
            manifest,
            config: description.configuration.map(Configuration::without_logins),
            size: description.size,
            layers: description.layers.len(),
            packages,
            provenance: description.provenance,
            attestations,
            not_read: description.not_read,
        }
    }
}

/// A bill of materials; nothing where nobody lists the packages.
fn sbom(format: Sbom, image: &LockedImage, platform: &Platform, description: &Description) -> Option<String> {
    let listing = description.packages.as_ref()?;
    let manifest = &image.platforms.get(platform)?.digest;
    let tagged = image.tagged();
    let purl = tagged.as_ref().and_then(|reference| imagelock_adapter::purl(reference, Some(platform.architecture())));
    let layout = || image.layout().map(ToString::to_string).unwrap_or_default();
    let name = tagged.as_ref().map_or_else(layout, |reference| reference.repository.to_string());
    let subject = bom::Subject {
        name: &name,
        version: image.tag.as_ref().map_or(manifest.as_str(), |tag| tag.as_str()),
        purl: &purl.unwrap_or_else(|| format!("pkg:oci/image@{}", manifest.as_str().replace(':', "%3A"))),
        manifest,
        platform,
        created: image.created.as_ref(),
        by: listing.by,
    };
    Some(match format {
        Sbom::Cyclonedx => bom::cyclonedx(&subject, &listing.packages),
        Sbom::Spdx => bom::spdx(&subject, &listing.packages),
    })
}
