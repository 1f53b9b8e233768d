//! What is in images: asked for in the order of what it costs, until something answers.
//!
//! 1. Equal manifests: nothing that runs differs, and nothing is asked.
//! 2. The configuration and the manifest of a platform.
//! 3. What builders say beside the image in its index: [`attested`].
//! 4. What the registry lists as being about it, and cosign's tag.
//! 5. Package databases in the layers.
//!
//! What a registry has no more, or what cannot be read, is named and is no failure: an old image may be gone. What fails
//! otherwise, fails: the answer has to be the same in every run.

mod attested;
mod layers;
mod place;

use futures_util::future::try_join;
use imagelock_core::lockfile::{LockedImage, LockedPlatform};
use imagelock_core::oci::{Configuration, Document, OciError};
use imagelock_inspect::{Description, Difference, NotRead, Verdict};
use imagelock_registry::{CONFIG_BYTES, Error, ErrorKind};

pub(crate) use self::attested::about;
pub(crate) use self::layers::{BUDGET, Budget, budget};
pub(crate) use self::place::Place;

/// One platform of an image, and where to ask for it.
#[derive(Clone, Copy)]
pub(crate) struct Side<'a> {
    pub(crate) place: &'a Place,
    pub(crate) image: &'a LockedImage,
    pub(crate) platform: &'a LockedPlatform,
}

/// How far to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// To what at most six requests a side answer: levels 1 to 3.
    Attested,
    /// To the end, with so many bytes of layers.
    Whole(Budget),
    /// Likewise, and on to which release the packages are of, which may lie in layers that both images have: advisories ask
    /// for it.
    Released(Budget),
}

/// What the second platform has that the first has not.
pub(crate) async fn difference(from: Side<'_>, to: Side<'_>, depth: Depth) -> Result<Difference, Error> {
    if from.platform.digest == to.platform.digest {
        return Ok(Difference::told(Verdict::Same));
    }
    let (mut old, mut new) = try_join(from.configured(), to.configured()).await?;
    if old.same_layers(&new) {
        return Ok(Difference::between(&old, &new));
    }
    let (said, says) = try_join(from.attested(depth), to.attested(depth)).await?;
    said.into_description(&mut old);
    says.into_description(&mut new);
    // Two tools find two things in one image: what a publisher lists is compared with what one lists.
    if let Depth::Whole(budget) | Depth::Released(budget) = depth
        && (old.packages.is_none() || new.packages.is_none())
    {
        let released = matches!(depth, Depth::Released(_));
        layers::packages_of_both((from, &mut old), (to, &mut new), budget, released).await?;
    }
    Ok(Difference::between(&old, &new))
}

/// All that is known of one platform.
pub(crate) async fn description(side: Side<'_>, budget: Budget) -> Result<Description, Error> {
    let mut description = side.configured().await?;
    side.attested(Depth::Whole(budget)).await?.into_description(&mut description);
    if description.packages.is_none() {
        layers::packages_of_one(side, &mut description, budget).await?;
    }
    Ok(description)
}

impl Side<'_> {
    /// What its configuration and its manifest say.
    async fn configured(&self) -> Result<Description, Error> {
        let config = async { self.place.blob(&self.platform.config, CONFIG_BYTES).await };
        let (config, manifest) = futures_util::future::join(config, self.place.document(&self.platform.digest)).await;
        let mut description = Description::default();
        let mut not_read = Vec::new();
        let read = |bytes: bytes::Bytes| Configuration::read(&bytes);
        description.configuration = known("configuration", config, read, &mut not_read)?;
        let manifest = known("manifest", manifest, Ok, &mut not_read)?;
        if let Some(Document { config, layers, .. }) = manifest {
            let config = config.map(|config| config.size).unwrap_or_default();
            description.size = layers.iter().map(|layer| layer.size).fold(config, u64::saturating_add);
            description.layers = Description::layers(layers, description.configuration.as_ref());
        }
        description.not_read = not_read;
        Ok(description)
    }
}

/// Makes of an answer what it says. What is not there or cannot be read is noted.
fn known<T, U>(
    what: &str,
    answer: Result<T, Error>,
    read: impl FnOnce(T) -> Result<U, OciError>,
    not_read: &mut Vec<NotRead>,
) -> Result<Option<U>, Error> {
    let reason = match answer {
        Ok(answer) => match read(answer) {
            Ok(read) => return Ok(Some(read)),
            Err(error) => error.to_string(),
        },
        Err(error) if is_absent(&error.kind) => error.kind.to_string(),
        Err(error) => return Err(error),
    };
    not_read.push(NotRead { what: what.to_owned(), reason });
    Ok(None)
}

/// Whether an answer would be the same in every run: there is nothing, or nothing that can be read.
fn is_absent(kind: &ErrorKind) -> bool {
    use ErrorKind::{Layout, Malformed, NotAnImage, NotFound, TooLarge};
    matches!(kind, NotFound { .. } | Malformed { .. } | NotAnImage(_) | TooLarge { .. } | Layout(_))
}
