//! What Docker's command prints of containers and images, and those that print the same: nerdctl, Podman, Compose.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Running, Written, container};

/// What a container was asked to be.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Config {
    #[serde(rename = "Image")]
    image: Option<String>,
}

/// The manifest that runs, as daemons with containerd's store tell it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Described {
    digest: Option<String>,
}

/// Whether it runs: a word in lists, an object with one in what is inspected.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum State {
    Word(String),
    Whole {
        #[serde(rename = "Status")]
        status: Option<String>,
    },
    Other(IgnoredAny),
}

/// One name, or several.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Names {
    One(String),
    Several(Vec<String>),
    Other(IgnoredAny),
}

pub(super) fn tell(written: Written, found: &mut Running) {
    let state = match written.state {
        Some(State::Word(state)) => state,
        Some(State::Whole { status }) => status.unwrap_or_default(),
        Some(State::Other(_)) | None => String::new(),
    };
    if matches!(state.as_str(), "exited" | "created" | "dead" | "removing" | "stopped" | "configured" | "initialized") {
        found.ended += 1;
        return;
    }
    let names = match written.names {
        Some(Names::One(name)) => Some(name),
        Some(Names::Several(names)) => names.into_iter().next(),
        Some(Names::Other(_)) | None => None,
    };
    let (tags, digests) = (written.repo_tags.unwrap_or_default(), written.repo_digests.unwrap_or_default());
    let described = written.descriptor.and_then(|described| described.digest);
    let asked = written.config.and_then(|config| config.image).or(written.image_name);
    // What is inspected has the digest where lists have what was asked for.
    let is_digest = |image: &String| super::digest(image).is_some() && !image.contains('/') && !image.contains('@');
    let (own, listed) = written.image.map_or((None, None), |image| match image {
        image if is_digest(&image) => (Some(image), None),
        image => (None, Some(image)),
    });
    let is_image = own.is_none() && listed.is_none();
    let ids: Vec<Option<&str>> = [&own, &written.image_id, &written.image_digest, &described]
        .into_iter()
        .map(|id| id.as_deref())
        .chain(digests.iter().map(|digest| Some(digest.as_str())))
        // The name of an image is a digest of it, the name of a container is none.
        .chain([written.id.as_deref().filter(|_| is_image)])
        .collect();
    let image = asked.or_else(|| listed.clone()).or_else(|| tags.first().or(digests.first()).cloned());
    let image = image.or_else(|| own.clone()).or_else(|| written.id.clone()).unwrap_or_default();
    let name = written.name.or(names).map(|name| name.trim_start_matches('/').to_owned());
    let place = name.filter(|name| !name.is_empty()).or_else(|| written.id.clone()).unwrap_or_default();
    // An asked digest is what runs only where nobody says better.
    let listed = listed.as_deref().filter(|listed| listed.contains('@'));
    let ids: Vec<Option<&str>> = if ids.iter().all(Option::is_none) { vec![listed] } else { ids };
    found.containers.push(container(place, image, &ids));
}
