//! What the databases in layers say is installed, where nobody lists it.
//!
//! Layers are read the newest first. Those at the bottom that both images have are not read, as long as the others can be
//! compared without them.

use std::collections::BTreeSet;

use imagelock_core::Digest;
use imagelock_core::oci::Descriptor;
use imagelock_inspect::advisory::Release;
use imagelock_inspect::{
    By, Compression, Contents, Description, Layer, LayerError, Limits, Listing, NotRead, Package, Purl, Search,
};
use imagelock_registry::Error;

use super::{Side, is_absent};

/// How many bytes of layers may be read for one platform.
pub(crate) type Budget = u64;

/// What is read where nobody says how much: the layers of most images, twice.
pub(crate) const BUDGET: Budget = 500_000_000;

/// Reads `500MB`, `2GB` or a number of bytes.
pub(crate) fn budget(text: &str) -> Result<Budget, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" | "B" => Some(1),
        "kB" | "KB" => Some(1_000),
        "MB" => Some(1_000_000),
        "GB" => Some(1_000_000_000),
        _ => None,
    };
    let bytes = digits.parse::<u64>().ok().zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
    bytes.ok_or_else(|| "write a size such as `500MB`, `2GB` or `0`".to_owned())
}

/// What the layers of one side said.
struct Read {
    contents: Contents,
    layers: usize,
}

/// Reads the packages of two images out of the layers that are not in both; where it has to be known which release they are
/// of, and those do not say it, out of all.
pub(super) async fn packages_of_both(
    (from, old): (Side<'_>, &mut Description),
    (to, new): (Side<'_>, &mut Description),
    budget: Budget,
    released: bool,
) -> Result<(), Error> {
    let unreleased =
        |contents: &Contents| released && contents.os.is_none() && contents.packages.iter().any(is_of_system);
    if old.layers.is_empty() || new.layers.is_empty() {
        return Ok(());
    }
    let shared =
        old.layers.iter().zip(&new.layers).take_while(|(one, other)| one.identity() == other.identity()).count();
    let both = read_both((from, &old.layers[shared..]), (to, &new.layers[shared..]), budget).await?;
    let both = match both {
        Ok((one, other))
            if shared > 0
                && (!is_comparable(&one.contents, &other.contents)
                    || unreleased(&one.contents)
                    || unreleased(&other.contents)) =>
        {
            read_both((from, &old.layers), (to, &new.layers), budget).await?
        }
        both => both,
    };
    match both {
        Ok((one, other)) => {
            one.into_description(old);
            other.into_description(new);
        }
        Err(reason) => new.not_read.push(NotRead { what: "packages".to_owned(), reason }),
    }
    Ok(())
}

/// Reads the packages of one image.
pub(super) async fn packages_of_one(
    side: Side<'_>,
    description: &mut Description,
    budget: Budget,
) -> Result<(), Error> {
    match affordable(&description.layers, budget) {
        Err(reason) => description.not_read.push(NotRead { what: "packages".to_owned(), reason }),
        Ok(_) => match read(side, &description.layers).await? {
            Ok(read) => read.into_description(description),
            Err(reason) => description.not_read.push(NotRead { what: "packages".to_owned(), reason }),
        },
    }
    Ok(())
}

async fn read_both(
    (from, old): (Side<'_>, &[Layer]),
    (to, new): (Side<'_>, &[Layer]),
    budget: Budget,
) -> Result<Result<(Read, Read), String>, Error> {
    let affordable = affordable(old, budget).and_then(|left| affordable(new, left));
    if let Err(reason) = affordable {
        return Ok(Err(reason));
    }
    let (one, other) = futures_util::future::try_join(read(from, old), read(to, new)).await?;
    Ok(one.and_then(|one| other.map(|other| (one, other))))
}

/// What is left of a budget when layers are read. What is read has to be the same in every run, and so all of it or nothing.
fn affordable(layers: &[Layer], budget: Budget) -> Result<Budget, String> {
    let size = layers.iter().map(|layer| layer.descriptor.size).fold(0, u64::saturating_add);
    let skipped = || format!("skipped: the layers have {size} bytes, and `--budget` allows {budget}");
    budget.checked_sub(size).ok_or_else(skipped)
}

/// Whether two lists from layers that are not in both can be compared without those that are.
///
/// The database of a distribution is written whole. One that only one side has above the shared layers lies in them on the other
/// side, and so does what is no part of a database and that only one side has: it may have replaced something there. What only
/// one side removes of the layers below may have been a package.
fn is_comparable(one: &Contents, other: &Contents) -> bool {
    let kinds = |contents: &Contents| -> BTreeSet<String> {
        let of_system = contents.packages.iter().filter(|package| is_of_system(package));
        of_system.map(|package| package.purl.kind().to_owned()).collect()
    };
    let others = |contents: &Contents| -> BTreeSet<Purl> {
        let others = contents.packages.iter().filter(|package| !is_of_system(package));
        others.map(|package| package.purl.clone()).collect()
    };
    let system = kinds(one);
    system == kinds(other)
        && others(one) == others(other)
        && one.gone == other.gone
        && (system.is_empty() || one.os.is_some() == other.os.is_some())
}

fn is_of_system(package: &Package) -> bool {
    matches!(package.purl.kind(), "apk" | "deb" | "rpm")
}

/// Reads layers, the newest first; or says why they cannot be read.
async fn read(side: Side<'_>, layers: &[Layer]) -> Result<Result<Read, String>, Error> {
    let mut search = Search::new(Limits::default());
    let mut count = 0;
    let mut seen: BTreeSet<&Digest> = BTreeSet::new();
    for Layer { descriptor, .. } in layers.iter().rev() {
        // The same files again, below themselves, are hidden.
        if !search.wants_more() || !seen.insert(&descriptor.digest) {
            continue;
        }
        let Some(compression) = Compression::of(&descriptor.media_type) else {
            return Ok(Err(format!("nobody here reads layers of the type `{}`", descriptor.media_type)));
        };
        search = match layer(side, descriptor, compression, search).await {
            Ok(Ok(search)) => search,
            Ok(Err(error)) => return Ok(Err(error.to_string())),
            Err(error) if is_absent(&error.kind) => return Ok(Err(error.kind.to_string())),
            Err(error) => return Err(error),
        };
        count += 1;
    }
    Ok(Ok(Read { contents: search.finish(), layers: count }))
}

async fn layer(
    side: Side<'_>,
    descriptor: &Descriptor,
    compression: Compression,
    mut search: Search,
) -> Result<Result<Search, LayerError>, Error> {
    let read = move |bytes: &mut dyn std::io::Read| search.layer(compression, bytes).map(|()| search);
    side.place.layer(descriptor, read).await
}

impl Read {
    fn into_description(self, description: &mut Description) {
        let by = By::Layers { read: self.layers, of: description.layers.len() };
        let not_read = self.contents.not_read.into_iter().map(|not_read| {
            let what = if not_read.path.is_empty() { "the layers".to_owned() } else { not_read.path };
            NotRead { what, reason: not_read.reason.to_string() }
        });
        description.not_read.extend(not_read);
        let Contents { packages, os, .. } = self.contents;
        let release = os.map(|os| Release { id: os.id, version: os.version_id });
        description.packages = Some(Listing { packages, release, by });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_a_number_and_a_unit() {
        for (text, bytes) in
            [("0", 0), ("1000", 1000), ("20kB", 20_000), ("500MB", 500_000_000), ("2GB", 2_000_000_000)]
        {
            assert_eq!(budget(text), Ok(bytes), "{text}");
        }
        for text in ["", "MB", "-1", "1.5GB", "5TB", "1 GB", "99999999999GB"] {
            assert!(budget(text).is_err(), "{text}");
        }
    }
}
