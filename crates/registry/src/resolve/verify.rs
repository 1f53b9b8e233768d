//! Whether a lock says what the registries have.

use futures_util::future::{join_all, try_join_all};
use imagelock_core::{ImageName, LockedImage, LockedPlatform, Lockfile, Origin, Platform};

use super::facts::Config;
use super::platforms;
use super::source::Source;
use super::{Resolver, told};
use crate::document::{self, Document};
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::layout::Layout;

impl Resolver {
    /// Fetches every locked digest once more, from the registry itself, and compares bytes, sizes, types and
    /// platforms with the lock. Neither the cache nor a mirror is asked. Returns what failed, in the order of names.
    pub async fn verify(&self, lock: &Lockfile) -> Result<(), Vec<(ImageName, Error)>> {
        let reporter = self.client.reporter();
        let all = lock.images.iter().map(async |(name, image)| {
            reporter.event(Event::Verifying { name });
            match self.verify_image(image).await {
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

    async fn verify_image(&self, image: &LockedImage) -> Result<(), Error> {
        match &image.origin {
            Origin::Layout(path) => {
                let layout = Layout::open(&self.root.join(path))?;
                // The directory may hold the locked image and be asked for another by now.
                layout.image(image.tag.as_ref())?;
                compare(&Source::Layout(layout), image).await
            }
            Origin::Registry(repository) => {
                let compared = compare(&Source::Fresh(&self.client, repository), image).await;
                compared.map_err(|error| told(error, repository, image.tag.as_ref(), Some(&image.digest)))
            }
        }
    }
}

async fn compare(source: &Source<'_>, image: &LockedImage) -> Result<(), Error> {
    let bytes = source.manifest(&image.digest, None).await?;
    let (document, media_type) = document::read(&bytes)?;
    same("the size", &image.size, &(bytes.len() as u64))?;
    same("the media type", image.media_type.as_str(), media_type)?;
    match document {
        Document::Image(_) => {
            try_join_all(image.platforms.iter().map(|(platform, locked)| async move {
                same("the digest of the only platform", &image.digest, &locked.digest)?;
                compare_platform(source, platform, locked).await
            }))
            .await?;
        }
        Document::Index(index) => {
            let wanted = image.platforms.keys().cloned().collect();
            let children = platforms::select(&index, Some(&wanted))?;
            try_join_all(image.platforms.iter().map(|(platform, locked)| {
                let children = &children;
                async move {
                    let child = children.get(platform).map(|child| &child.digest);
                    same(&format!("the digest of {platform}"), &Some(&locked.digest), &child)?;
                    compare_platform(source, platform, locked).await
                }
            }))
            .await?;
        }
    }
    Ok(())
}

async fn compare_platform(source: &Source<'_>, platform: &Platform, locked: &LockedPlatform) -> Result<(), Error> {
    let bytes = source.manifest(&locked.digest, Some(locked.size)).await?;
    let (document, media_type) = document::read(&bytes)?;
    same(&format!("the media type of {platform}"), locked.media_type.as_str(), media_type)?;
    let Document::Image(manifest) = document else {
        return Err(ErrorKind::LockDiffers { what: format!("{platform} is an index") }.into());
    };
    let config = document::digest(&manifest.config.digest)?;
    same(&format!("the configuration of {platform}"), &locked.config, &config)?;
    let bytes = source.config(&config, u64::try_from(manifest.config.size).ok()).await?;
    Config::read(&bytes)?.expect(platform)
}

fn same<T: PartialEq + ?Sized>(what: &str, locked: &T, found: &T) -> Result<(), Error> {
    if locked == found {
        return Ok(());
    }
    Err(ErrorKind::LockDiffers { what: what.to_owned() }.into())
}
