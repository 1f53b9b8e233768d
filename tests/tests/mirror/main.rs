//! What `mirror` writes to a registry of one's own: everything that the lock names, in an order in which nothing names what is
//! not there, and nothing twice.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test stops where it cannot go on")]

mod hostile;
mod kills;
mod real;
mod usual;

use imagelock_testkit::{Image, Layer, Registry};
use imagelock_tests::Monorepo;

/// Two images that share a layer, of two registries.
pub(crate) struct Stage {
    pub(crate) source: Registry,
    pub(crate) target: Registry,
    pub(crate) one: Image,
    pub(crate) two: Image,
    pub(crate) repo: Monorepo,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with(Registry::start().unwrap(), Registry::start().unwrap(), &[])
    }

    pub(crate) fn with(source: Registry, target: Registry, environment: &[(&str, &str)]) -> Self {
        let (one, two) = images();
        source.push("acme/one:1", &one);
        source.push("acme/two:2", &two);
        let toml = format!("[images]\none = \"{0}/acme/one:1\"\ntwo = \"{0}/acme/two:2\"\n", source.host());
        let mut repo = Monorepo::builder().file("images.toml", toml);
        for (name, value) in environment {
            repo = repo.env(name, value);
        }
        let repo = repo.build();
        repo.imagelock(["lock"]).success();
        source.log().take();
        Self { source, target, one, two, repo }
    }

    /// Where the target has one of the source's repositories.
    pub(crate) fn below(&self, repository: &str) -> String {
        format!("corp/{}/{repository}", self.source.host().replace(':', "-"))
    }

    pub(crate) fn to(&self) -> String {
        format!("{}/corp", self.target.host())
    }

    /// Whether the target has all of both images, byte for byte.
    pub(crate) fn is_whole(&self) -> bool {
        [("acme/one", "1", &self.one), ("acme/two", "2", &self.two)].into_iter().all(|(repository, tag, image)| {
            let below = self.below(repository);
            let has = |digest: &&str| self.target.content(&below, digest) == image.content(digest);
            image.digests().iter().all(has) && self.target.digest_of(&below, tag).as_deref() == Some(image.digest())
        })
    }

    /// How many requests of a method the target got.
    pub(crate) fn count(&self, method: &str) -> usize {
        self.target.log().count(method, "/v2/")
    }
}

pub(crate) fn layer(text: &str) -> Layer {
    Layer::files([("file", text)])
}

/// A layer of several pieces, which nobody reads whole to see whether it is there.
pub(crate) fn large(seed: u8) -> Layer {
    Layer::files([("file", (0..200_000_u32).map(|at| at.to_le_bytes()[0] ^ seed).collect::<Vec<u8>>())])
}

/// Two images that share a layer, with one of their own each, and attestations in the second.
pub(crate) fn images() -> (Image, Image) {
    let one = Image::linux(["amd64", "arm64"]).seed("one").layer(large(1)).layer(layer("one"));
    let two = Image::linux(["amd64"]).seed("two").layer(large(1)).layer(large(2)).attestations();
    (one, two)
}
