//! Where signatures of an image lie: in a file beside the project, among the image's referrers, under cosign's tags; of the image
//! itself first, then of its platforms, then of what is attested of them.
//!
//! Everybody who may push to a repository may put anything there. What cannot be read is told and proves nothing; there are bounds
//! for how much is looked at, and more than that is an error.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use imagelock_core::lockfile::LockedImage;
use imagelock_core::oci::{Descriptor, Document};
use imagelock_core::trust::Sources;
use imagelock_core::{Digest, ImageName, Repository, Tag};
use imagelock_registry::{Client, Error, ErrorKind};
use imagelock_signature::{BUNDLE, ENVELOPE, EVIDENCE_BYTES, Evidence, MOST, SIMPLE, lines};

use crate::failure::{Failure, Kind, Problem};
use crate::session::Session;

/// How many attestations of a platform are looked at for signatures of their own.
const ATTESTATIONS: usize = 8;
/// What Notation signs with.
const NOTATION: &str = "application/vnd.cncf.notary.signature";

/// What there is about an image.
#[derive(Default)]
pub(super) struct Found {
    pub(super) evidence: Vec<Evidence>,
    /// Where each was found.
    pub(super) places: BTreeMap<Digest, String>,
    /// What was found and is not read, and why.
    pub(super) unread: Vec<(String, String)>,
}

/// The order in which it is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    File,
    Image,
    Platforms,
    Attestations,
    End,
}

/// Looks for signatures, the cheapest place first.
pub(super) struct Search<'s> {
    session: &'s Session<'s>,
    client: &'s Client,
    name: &'s ImageName,
    image: &'s LockedImage,
    sources: Option<&'s Sources>,
    stage: Stage,
    /// What is attested of platforms, by the digests of the manifests.
    attestations: BTreeMap<Digest, Bytes>,
    pub(super) found: Found,
}

impl<'s> Search<'s> {
    pub(super) fn new(
        session: &'s Session<'s>,
        client: &'s Client,
        name: &'s ImageName,
        image: &'s LockedImage,
    ) -> Self {
        let sources = session.project.images.get(name).map(|declared| &declared.signatures);
        let (stage, attestations, found) = (Stage::File, BTreeMap::new(), Found::default());
        Self { session, client, name, image, sources, stage, attestations, found }
    }

    /// Looks at the next place; false where there was none.
    pub(super) async fn look(&mut self) -> Result<bool, Failure> {
        let stage = self.stage;
        let repository = self.repository().cloned();
        let looked = match (stage, repository) {
            (Stage::End, _) => return Ok(false),
            (Stage::File, _) => {
                self.file()?;
                Ok(())
            }
            // What is in a directory has no other place for signatures.
            (_, None) => Ok(()),
            (Stage::Image, Some(place)) => self.about(&place, &self.image.digest, None).await,
            (Stage::Platforms, Some(place)) => self.platforms(&place).await,
            (Stage::Attestations, Some(place)) => self.attested(&place).await,
        };
        looked.map_err(|error| self.failed(&error))?;
        self.stage = match stage {
            Stage::File => Stage::Image,
            Stage::Image => Stage::Platforms,
            Stage::Platforms => Stage::Attestations,
            Stage::Attestations | Stage::End => Stage::End,
        };
        if self.found.evidence.len() + self.found.unread.len() > MOST {
            let message =
                format!("there are more than {MOST} signatures of `{}`, and no more are looked at", self.name);
            return Err(Failure::new(Kind::Check, Problem::new(message)));
        }
        Ok(true)
    }

    fn failed(&self, error: &Error) -> Failure {
        Failure::new(
            Kind::Registry,
            Problem::new(format!("signatures of `{}` cannot be looked for: {error}", self.name)),
        )
    }

    /// The repository that the signatures lie in.
    fn repository(&self) -> Option<&Repository> {
        self.sources.and_then(|sources| sources.repository.as_ref()).or(self.image.repository())
    }

    fn file(&mut self) -> Result<(), Failure> {
        let Some(file) = self.sources.and_then(|sources| sources.file.as_ref()) else { return Ok(()) };
        let path = self.session.root.join(&file.value);
        let shown = self.session.show(&path);
        let wrong = |reason: String| {
            let label = imagelock_core::source::Label::primary(&file.at, "");
            Failure::new(Kind::Input, Problem::new(reason).label(label))
        };
        let bytes =
            imagelock_files::bytes(&path, EVIDENCE_BYTES).map_err(|error| Failure::from(error.shown(&shown)))?;
        let bytes = bytes.ok_or_else(|| wrong(format!("cannot read `{shown}`: there is no such file")))?;
        let found = lines(&bytes).map_err(|error| wrong(format!("`{shown}`: {error}")))?;
        for one in found {
            self.found.places.entry(one.digest().clone()).or_insert_with(|| format!("in `{shown}`"));
            self.found.evidence.push(one);
        }
        Ok(())
    }

    async fn platforms(&mut self, place: &Repository) -> Result<(), Error> {
        let all: BTreeSet<Digest> = self.image.platforms.values().map(|platform| platform.digest.clone()).collect();
        for digest in all.iter().filter(|digest| **digest != self.image.digest) {
            self.about(place, digest, None).await?;
        }
        Ok(())
    }

    async fn attested(&mut self, place: &Repository) -> Result<(), Error> {
        for (digest, manifest) in std::mem::take(&mut self.attestations) {
            self.about(place, &digest, Some(&manifest)).await?;
        }
        Ok(())
    }

    /// Looks at everything that there is about a manifest: the image's, or that of an attestation, whose bytes are then `signed`.
    async fn about(&mut self, place: &Repository, digest: &Digest, signed: Option<&Bytes>) -> Result<(), Error> {
        let short = digest.short().to_owned();
        let mut attestations = 0;
        let mut listed = self.client.referrers(place, digest).await?;
        listed.sort_by(|one, other| one.digest.cmp(&other.digest));
        listed.dedup_by(|one, other| one.digest == other.digest);
        for entry in listed.into_iter().take(MOST + 1) {
            let place_of = format!("referrer {} of {short}", entry.digest.short());
            if entry.artifact_type.as_deref() == Some(NOTATION) {
                self.unread(place_of, "a signature of Notation, which is not read here; `notation verify` reads it");
                continue;
            }
            let Some((bytes, document)) = self.readable(&place_of, self.client.document(place, &entry.digest).await)?
            else {
                continue;
            };
            let bundles = document.layers.iter().filter(|layer| layer.media_type.starts_with(BUNDLE));
            let mut is_signature = false;
            for layer in bundles {
                is_signature = true;
                if let Some(blob) = self.blob(place, layer, &place_of).await? {
                    self.add(Evidence::read(&blob), signed, &place_of);
                }
            }
            // What is attested of an image may be signed in its own right.
            let is_attestation = document.subject.as_ref() == Some(digest) && !is_signature && signed.is_none();
            if is_attestation && attestations < ATTESTATIONS {
                attestations += 1;
                self.attestations.insert(entry.digest, bytes);
            }
        }
        for (suffix, media_type) in [("sig", SIMPLE), ("att", ENVELOPE)] {
            let Ok(tag) = format!("{}-{}.{suffix}", digest.algorithm().name(), digest.hex()).parse::<Tag>() else {
                continue;
            };
            let place_of = format!("`{}-{}….{suffix}`", digest.algorithm().name(), &digest.hex()[..12]);
            let tagged = self.client.tagged(place, tag).await;
            let Some(Some((_, document))) = self.readable(&place_of, tagged)? else { continue };
            self.layers(place, &document, media_type, signed, &place_of).await?;
        }
        Ok(())
    }

    /// Looks at the layers of one of cosign's tags.
    async fn layers(
        &mut self,
        place: &Repository,
        document: &Document,
        media_type: &str,
        signed: Option<&Bytes>,
        place_of: &str,
    ) -> Result<(), Error> {
        for layer in document.layers.iter().filter(|layer| layer.media_type == media_type).take(MOST + 1) {
            if let Some(blob) = self.blob(place, layer, place_of).await? {
                self.add(Evidence::of_layer(media_type, &blob, &layer.annotations), signed, place_of);
            }
        }
        Ok(())
    }

    async fn blob(&mut self, place: &Repository, layer: &Descriptor, place_of: &str) -> Result<Option<Bytes>, Error> {
        if layer.size > EVIDENCE_BYTES {
            self.unread(place_of.to_owned(), &format!("it has {} bytes, and {EVIDENCE_BYTES} are read", layer.size));
            return Ok(None);
        }
        let blob = self.client.blob(place, &layer.digest, EVIDENCE_BYTES).await;
        self.readable(place_of, blob)
    }

    /// What was answered; nothing where that is no document of any kind, or is gone, which whoever pushed it answers for.
    fn readable<T>(&mut self, place_of: &str, answer: Result<T, Error>) -> Result<Option<T>, Error> {
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(error)
                if matches!(
                    error.kind,
                    ErrorKind::Malformed { .. } | ErrorKind::NotFound { .. } | ErrorKind::TooLarge { .. }
                ) =>
            {
                self.unread(place_of.to_owned(), &error.kind.to_string());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn add(
        &mut self,
        read: Result<Evidence, imagelock_signature::EvidenceError>,
        signed: Option<&Bytes>,
        place_of: &str,
    ) {
        let read = match signed {
            Some(manifest) => read.and_then(|signature| Evidence::of_attestation(manifest, &signature)),
            None => read,
        };
        match read {
            Ok(one) => {
                self.found.places.entry(one.digest().clone()).or_insert_with(|| place_of.to_owned());
                self.found.evidence.push(one);
            }
            Err(error) => self.unread(place_of.to_owned(), &error.to_string()),
        }
    }

    fn unread(&mut self, place_of: String, reason: &str) {
        self.found.unread.push((place_of, reason.to_owned()));
    }
}
