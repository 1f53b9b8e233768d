//! `publish`

use clap::Args;
use imagelock_core::extends::{EMPTY, manifest};
use imagelock_core::oci::MANIFEST;
use imagelock_core::{Digest, Reference, Tag, plan};
use imagelock_registry::{BlobSource, Client, Error};
use serde::Serialize;

use super::lock;
use crate::failure::{Failure, Kind, Problem};
use crate::host::{Format, Host};
use crate::network;
use crate::progress::Progress;
use crate::session::Session;

/// Publish images.lock in a registry, for other projects to extend
///
/// The lock becomes an artifact under a tag, which moves. The same lock has the same digest in every registry. What it has taken
/// over from another lock is in it.
#[derive(Args, Debug)]
pub struct Publish {
    /// Where to: `registry/repository`, and a tag [default: latest]
    #[arg(value_name = "REFERENCE")]
    reference: String,
}

/// What is told to programs.
#[derive(Serialize)]
struct Published {
    reference: String,
    digest: Digest,
    images: usize,
}

impl Publish {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let session = Session::open(host)?;
        let reference = self.reference.strip_prefix("oci://").unwrap_or(&self.reference);
        let reference: Reference = reference
            .parse()
            .ok()
            .filter(|reference: &Reference| reference.digest.is_none())
            .ok_or_else(|| Failure::input(format!("`{}` is no reference with a tag", self.reference)))?;
        let tag = reference.tag.clone().unwrap_or_else(Tag::latest);
        let reference = Reference { tag: Some(tag.clone()), ..reference };
        let lockfile = session.locked(&[])?;
        lock::must_hold(&session, &plan::lock(&session.project, &lockfile), &lockfile)?;
        let bytes = lockfile.encode().into_bytes();
        let manifest = manifest(&bytes);
        let progress = Progress::start(&host.shell, "Publishing", 1);
        let client = session.resolver(progress.clone())?.client().clone();
        let pushed = network::run(push(&client, &reference, &tag, bytes, &manifest));
        progress.finish();
        let digest = pushed?.map_err(|error| {
            let mut problem = Problem::new(format!("cannot publish {reference}: {error}"));
            problem.help = error.help();
            Failure::new(Kind::Registry, problem)
        })?;
        host.shell.status("Published", &format!("{reference}, with {}", lock::count(lockfile.images.len())));
        match host.global.format {
            Format::Json => {
                let (reference, images) = (reference.to_string(), lockfile.images.len());
                super::json(host, &Published { reference, digest, images })
            }
            _ => {
                let pinned = reference.repository.with(Some(tag), Some(digest));
                host.shell.result(&format!("extends = \"oci://{pinned}\"\n"));
                Ok(())
            }
        }
    }
}

/// Writes what the manifest names, and then the manifest: nobody sees the one without the other.
async fn push(
    client: &Client,
    reference: &Reference,
    tag: &Tag,
    lock: Vec<u8>,
    manifest: &str,
) -> Result<Digest, Error> {
    let repository = &reference.repository;
    for bytes in [EMPTY.to_vec(), lock] {
        let (digest, size) = (Digest::sha256(&bytes), bytes.len() as u64);
        if !client.blob_exists(repository, &digest).await? {
            client.upload(repository, &digest, size, &BlobSource::Bytes(bytes.into())).await?;
        }
    }
    client.put_manifest(repository, Some(tag), MANIFEST, manifest.as_bytes()).await
}
