//! A repository with locked images in a real registry, and a Dockerfile to build.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use camino::Utf8Path;
use imagelock_testkit::Image;
use imagelock_tests::{BUILT, Monorepo, RealRegistry, image_that_says};

/// The arguments of `buildctl` for the policy.
pub(crate) const POLICY: [&str; 2] = ["--source-policy-file", "build/source-policy.json"];

/// The table that the tests render, with nothing but its output.
pub(crate) const TARGET: &str = "[[buildkit]]\noutput = \"build/source-policy.json\"\n";

pub(crate) struct Stage {
    pub(crate) registry: RealRegistry,
    pub(crate) repo: Monorepo,
    images: String,
}

impl Stage {
    /// Pushes an image for each `(name, reference)`, which says its reference, locks them and renders the target.
    pub(crate) fn new(program: &Utf8Path, images: &[(&str, &str)], target: &str) -> Self {
        Self::with(program, images, target, image_that_says)
    }

    /// The same, with images that `make` makes of references.
    pub(crate) fn with(
        program: &Utf8Path,
        images: &[(&str, &str)],
        target: &str,
        make: impl Fn(&str) -> Image,
    ) -> Self {
        let registry = RealRegistry::new(program).start();
        let mut lines = "[images]\n".to_owned();
        for (name, reference) in images {
            let _ = writeln!(lines, "{name} = \"{}/{reference}\"", registry.host());
        }
        let stage = Self { registry, repo: Monorepo::builder().build(), images: lines };
        for (_, reference) in images {
            stage.push(reference, &make(reference));
        }
        stage.repo.write("images.toml", &stage.images);
        stage.repo.imagelock(["lock"]).success();
        stage.render(target);
        stage
    }

    /// A table with these keys.
    pub(crate) fn target(keys: &str) -> String {
        format!("{TARGET}{keys}")
    }

    /// Renders another target from the same lock.
    pub(crate) fn render(&self, target: &str) {
        self.repo.write("images.toml", format!("{}\n{target}", self.images));
        self.repo.imagelock(["render"]).success();
    }

    pub(crate) fn push(&self, reference: &str, image: &Image) {
        let (repository, tag) = reference.split_once(':').unwrap();
        image.push_to(&self.registry.url(), repository, tag, None).unwrap();
    }

    /// Makes the images those of Docker Hub, which the daemon asks the same registry for: the lock is then what a
    /// machine with that network would have written.
    pub(crate) fn name_docker_hub(&mut self) {
        self.images = self.images.replace(self.registry.host(), "docker.io");
        for file in ["images.toml", "images.lock"] {
            let text = self.repo.read(file).replace(self.registry.host(), "docker.io");
            self.repo.write(file, text);
        }
        self.repo.imagelock(["render"]).success();
    }

    pub(crate) fn dockerfile(&self, text: &str) {
        self.repo.write("app/Dockerfile", text);
    }

    /// What the image that was built from says of itself.
    pub(crate) fn which(&self) -> String {
        self.repo.read(format!("{BUILT}/which"))
    }

    /// The locked digest of an image.
    pub(crate) fn digest(&self, name: &str) -> String {
        let lock: serde_json::Value = serde_json::from_str(&self.repo.read("images.lock")).unwrap();
        lock["images"][name]["digest"].as_str().unwrap().to_owned()
    }

    /// The locked digests, by name.
    pub(crate) fn digests(&self) -> BTreeMap<String, String> {
        let lock: serde_json::Value = serde_json::from_str(&self.repo.read("images.lock")).unwrap();
        let images = lock["images"].as_object().unwrap().iter();
        images.map(|(name, image)| (name.clone(), image["digest"].as_str().unwrap().to_owned())).collect()
    }
}
