//! Whether a lock says what the registries have.

use futures_util::future::join_all;
use imagelock_core::{ImageName, LockedImage, Lockfile, Origin};

use super::image::{configs, other_platform, parts, single};
use super::platforms;
use super::source::{Budget, Documents, Source};
use super::{Resolver, reference, told};
use crate::document::Document;
use crate::error::{Error, ErrorKind};
use crate::event::{Event, Oddity};
use crate::layout::Layout;

impl Resolver {
    /// Fetches every locked digest once more, from the registry itself, and compares bytes, sizes, types and
    /// platforms with the lock. Neither the cache nor a mirror is asked. Returns what failed, in the order of names.
    pub async fn verify(&self, lock: &Lockfile) -> Result<(), Vec<(ImageName, Error)>> {
        let reporter = self.client.reporter();
        let documents = Documents::default();
        let all = lock.images.iter().map(async |(name, image)| {
            reporter.event(Event::Verifying { name });
            match self.verify_image(&documents, image).await.map_err(|error| self.client.clean(error)) {
                Ok(()) => {
                    reporter.event(Event::Verified { name });
                    None
                }
                Err(error) => {
                    reporter.event(Event::Failed { name, error: &error });
                    Some((name.clone(), error))
                }
            }
        });
        let failures: Vec<(ImageName, Error)> = join_all(all).await.into_iter().flatten().collect();
        if failures.is_empty() { Ok(()) } else { Err(failures) }
    }

    async fn verify_image(&self, documents: &Documents, image: &LockedImage) -> Result<(), Error> {
        let (odd, whole) = match &image.origin {
            Origin::Layout(path) => {
                let layout = Layout::within(&self.root, path)?;
                // The directory may hold the locked image and be asked for another by now.
                layout.image(image.tag.as_ref())?;
                (compare(&Source::layout(documents, layout), image).await?, path.to_string())
            }
            Origin::Registry(repository) => {
                let (tag, digest) = (image.tag.as_ref(), Some(&image.digest));
                self.client.name(repository, tag, &image.digest);
                let compared = compare(&Source::fresh(documents, &self.client, repository), image).await;
                let odd = compared.map_err(|error| told(error, "verify", repository, tag, digest))?;
                (odd, reference(repository, tag, digest))
            }
        };
        documents.tell(&**self.client.reporter(), &whole, &odd);
        Ok(())
    }
}

/// Compares a locked image, and returns what has to be told about it although it is as it was locked.
async fn compare(source: &Source<'_>, image: &LockedImage) -> Result<Vec<Oddity>, Error> {
    let root = source.manifest(&image.digest, None).await?;
    let mut budget = Budget::default();
    budget.spend(root.size)?;
    same("the size", &image.size, &root.size)?;
    same("the media type", image.media_type.as_str(), root.media_type)?;
    let index = match &root.document {
        Document::Index(index) => index,
        Document::Image(manifest) => {
            let (platform, _) = single(source, manifest).await?;
            for (said, locked) in &image.platforms {
                same("the only platform", said, &platform)?;
                same("the digest of the only platform", &image.digest, &locked.digest)?;
                same("the size of the only platform", &locked.size, &root.size)?;
                same("the media type of the only platform", locked.media_type.as_str(), root.media_type)?;
                same("the configuration of the only platform", &locked.config, &manifest.config)?;
            }
            return Ok(Vec::new());
        }
    };
    let wanted = image.platforms.keys().cloned().collect();
    let children = platforms::select(source, index, Some(&wanted), &mut budget).await?.children;
    for ((platform, locked), child) in image.platforms.iter().zip(children.values()) {
        same(&format!("the digest of {platform}"), &locked.digest, &child.digest)?;
        same(&format!("the size of {platform}"), &locked.size, &child.size)?;
    }
    let parts = parts(source, &children, &mut budget).await?;
    for (part, locked) in parts.iter().zip(image.platforms.values()) {
        same(&format!("the media type of {}", part.platform), locked.media_type.as_str(), part.manifest.media_type)?;
        same(&format!("the configuration of {}", part.platform), &locked.config, &part.image()?.config)?;
    }
    let mut odd = Vec::new();
    for (part, config) in configs(source, &parts, |_| true, &mut budget).await? {
        // What is no configuration is refused by `lock` where it has to be read, and has the locked bytes here.
        odd.extend(config.ok().and_then(|config| other_platform(part.platform, &config)));
    }
    Ok(odd)
}

fn same<T: PartialEq + ?Sized>(what: &str, locked: &T, found: &T) -> Result<(), Error> {
    if locked == found {
        return Ok(());
    }
    Err(ErrorKind::LockDiffers { what: what.to_owned() }.into())
}
