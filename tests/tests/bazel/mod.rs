//! A scratch repository with images.lock and a Bazel server of its own.

// Each test file compiles this module for itself and takes what it needs.
#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod air_gaps;
pub(crate) mod credentials;
pub(crate) mod examples;
pub(crate) mod failures;
pub(crate) mod pulls;
pub(crate) mod sources;

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_testkit::{Descriptor, Image, Registry, sha256};
use imagelock_tests::{Monorepo, Output, RealRegistry, Request, tool_or_skip};
use serde_json::{Value, json};

/// What a Bazel can do, which decides how it is set up and how it asks for a manifest.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generation {
    /// Reads a WORKSPACE and cannot name the type that it wants.
    Workspace,
    /// Reads MODULE.bazel.
    Modules,
}

/// The repository and its Bazel.
pub(crate) struct Suite {
    pub(crate) repo: Monorepo,
    pub(crate) generation: Generation,
    bazel: Utf8PathBuf,
}

/// A suite that a test has until its end, and then the next one: a server takes seconds to start.
pub(crate) struct Lent {
    suite: Option<Suite>,
    pool: Arc<Pool>,
}

/// The suites that nobody has. They go with the last test that has one.
type Pool = Mutex<Vec<Suite>>;

/// What is compiled twice runs faster, but no server of a test runs for so long.
const STARTUP: [&str; 2] = ["--host_jvm_args=-XX:TieredStopAtLevel=1", "--host_jvm_args=-XX:+UseSerialGC"];

const PLATFORMS: &str = r#"
platform(name = "amd64", constraint_values = ["@platforms//os:linux", "@platforms//cpu:x86_64"])
platform(name = "arm64", constraint_values = ["@platforms//os:linux", "@platforms//cpu:aarch64"])
platform(name = "s390x", constraint_values = ["@platforms//os:linux", "@platforms//cpu:s390x"])
platform(name = "mac", constraint_values = ["@platforms//os:osx", "@platforms//cpu:aarch64"])
"#;

impl Lent {
    /// A suite with an empty lock; what others built in it may be there.
    pub(crate) fn new(bazel: &Utf8Path, generation: Generation) -> Self {
        static POOL: Mutex<Weak<Pool>> = Mutex::new(Weak::new());
        let mut shared = POOL.lock().unwrap_or_else(PoisonError::into_inner);
        let pool = shared.upgrade().unwrap_or_default();
        *shared = Arc::downgrade(&pool);
        drop(shared);
        let idle = pool.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let suite = idle.inspect(Suite::empty).unwrap_or_else(|| Suite::new(bazel, generation));
        Self { suite: Some(suite), pool }
    }
}

impl Deref for Lent {
    type Target = Suite;

    fn deref(&self) -> &Suite {
        self.suite.as_ref().expect("it is given back at the end alone")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // What a test that failed left behind is nobody else's.
        if !std::thread::panicking() {
            self.pool.lock().unwrap_or_else(PoisonError::into_inner).extend(self.suite.take());
        }
    }
}

impl Suite {
    pub(crate) fn new(bazel: &Utf8Path, generation: Generation) -> Self {
        let suite = Self::of(Monorepo::builder().file("BUILD.bazel", PLATFORMS).build(), bazel, generation);
        suite.empty();
        suite
    }

    /// Locks nothing, and sets nothing up for it but that.
    fn empty(&self) {
        self.set_up("");
        self.lock([]);
    }

    /// A Bazel in a repository that is there.
    pub(crate) fn of(repo: Monorepo, bazel: &Utf8Path, generation: Generation) -> Self {
        Self { repo, generation, bazel: bazel.to_owned() }
    }

    /// Writes MODULE.bazel or WORKSPACE, with more attributes of the lock, such as `, any_platform = True`.
    pub(crate) fn set_up(&self, attributes: &str) {
        let module = module();
        match self.generation {
            Generation::Modules => self.repo.write(
                "MODULE.bazel",
                format!(
                    r#"bazel_dep(name = "imagelock", version = "0.1.0")
local_path_override(
    module_name = "imagelock",
    path = "{module}",
)

bazel_dep(name = "platforms", version = "0.0.10")

images = use_extension("@imagelock//:extensions.bzl", "images")
images.lock(file = "//:images.lock"{attributes})
use_repo(images, "images")
"#
                ),
            ),
            Generation::Workspace => self.repo.write(
                "WORKSPACE",
                format!(
                    r#"local_repository(name = "imagelock", path = "{module}")
load("@imagelock//:repositories.bzl", "images_lock")
images_lock(name = "images", file = "//:images.lock"{attributes})
load("@images//:repositories.bzl", "pull_images")
pull_images()
"#
                ),
            ),
        }
    }

    /// Writes images.lock.
    pub(crate) fn lock<const N: usize>(&self, images: [(&str, Value); N]) {
        let images: BTreeMap<&str, Value> = images.into_iter().collect();
        self.lock_text(&json!({ "images": images, "version": 1 }));
    }

    pub(crate) fn lock_text(&self, lock: &Value) {
        let text = serde_json::to_string_pretty(lock).expect("a value can be written");
        self.repo.write("images.lock", text + "\n");
    }

    /// A folder beside the repository.
    pub(crate) fn beside(&self, name: &str) -> Utf8PathBuf {
        self.repo.root().with_file_name(name)
    }

    /// Runs Bazel with a repository cache of the suite's own.
    pub(crate) fn bazel(&self, command: &str, arguments: &[&str]) -> Output {
        self.bazel_with_cache(command, "cache", arguments)
    }

    pub(crate) fn bazel_with_cache(&self, command: &str, cache: &str, arguments: &[&str]) -> Output {
        let cache = format!("--repository_cache={}", self.beside(cache));
        let mut all = vec![command, "--color=no", "--noshow_progress", &cache];
        all.extend(arguments);
        self.run(&all)
    }

    /// Runs Bazel with the home's `bin` on its path, where a test puts a credential helper.
    fn run(&self, arguments: &[&str]) -> Output {
        let path = format!("PATH={}/bin:/usr/bin:/bin", self.repo.home());
        let mut all = vec![path.as_str(), self.bazel.as_str()];
        all.extend(STARTUP);
        all.extend(arguments);
        self.repo.run(Utf8Path::new("/usr/bin/env"), all)
    }

    /// Writes an executable file.
    pub(crate) fn script(path: &Utf8Path, text: &str) {
        use std::os::unix::fs::PermissionsExt as _;

        fs_err::create_dir_all(path.parent().expect("a script is in a folder")).expect("the folder can be made");
        fs_err::write(path, text).expect("the script can be written");
        fs_err::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("the script can be made one");
    }

    pub(crate) fn build(&self, arguments: &[&str]) -> Output {
        self.bazel("build", arguments)
    }

    /// Builds what must fail and returns what Bazel said.
    pub(crate) fn fails(&self, arguments: &[&str]) -> String {
        let output = self.build(arguments);
        // The code differs: 1 for an analysis, 48 for an extension.
        assert!(!output.to_string().starts_with("exit: 0\n"), "{} was built", arguments.join(" "));
        output.stderr
    }

    /// The result of a build: the first line that names a file of it.
    pub(crate) fn result(&self, output: &Output) -> Utf8PathBuf {
        let line = output.stderr.lines().find_map(|line| line.trim().strip_prefix("bazel-bin/"));
        self.repo.path("bazel-bin").join(line.unwrap_or_else(|| panic!("no result in\n{}", output.stderr)))
    }

    /// Empties Bazel's memory and its folder: what comes next is a new machine's first build.
    pub(crate) fn expunge(&self) {
        drop(self.bazel("clean", &["--expunge"]).success());
    }
}

impl Drop for Suite {
    fn drop(&mut self) {
        drop(self.run(&["shutdown"]));
    }
}

/// The Bazel with bzlmod that is tested: `IMAGELOCK_BAZEL` where somebody has another one to try.
pub(crate) fn modules_bazel() -> Option<Utf8PathBuf> {
    let own = std::env::var("IMAGELOCK_BAZEL").ok().filter(|path| !path.is_empty()).map(Utf8PathBuf::from);
    own.or_else(|| tool_or_skip("bazel7"))
}

/// The reads that an action causes.
pub(crate) fn asked(registry: &RealRegistry, action: impl FnOnce()) -> Vec<String> {
    let before = registry.requests().len();
    action();
    reads(&registry.requests()[before..])
}

/// The module in this repository.
pub(crate) fn module() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package has a parent")
        .join("integrations/bazel/module")
}

/// The lock's entry for an image that is in a repository.
pub(crate) fn entry(image: &Image, host: &str, repository: &str, platforms: &[&str]) -> Value {
    let of = |descriptor: &Descriptor, platform: &str| {
        json!({
            "config": image.config_of(platform).expect("the image has the platform").digest,
            "digest": descriptor.digest,
            "mediaType": descriptor.media_type,
            "size": descriptor.size,
        })
    };
    let platforms: BTreeMap<&str, Value> = platforms
        .iter()
        .map(|platform| (*platform, of(image.manifest_of(platform).expect("the image has the platform"), platform)))
        .collect();
    let whole = image.descriptor();
    json!({
        "digest": whole.digest,
        "mediaType": whole.media_type,
        "platforms": platforms,
        "registry": host,
        "repository": repository,
        "request": { "repository": format!("{host}/{repository}"), "tag": "1" },
        "size": whole.size,
        "tag": "1",
    })
}

/// The lock's entry for an image in a layout directory.
pub(crate) fn in_layout(image: &Image, layout: &str, platforms: &[&str]) -> Value {
    let mut entry = entry(image, "registry.invalid", "no/where", platforms);
    for key in ["registry", "repository"] {
        entry.as_object_mut().expect("an entry is an object").remove(key);
    }
    entry["layout"] = json!(layout);
    entry["request"] = json!({ "layout": layout, "tag": "1" });
    entry
}

/// Pushes an image to a registry and returns the lock's entry for its two platforms.
pub(crate) fn pushed(image: &Image, registry: &RealRegistry, repository: &str) -> Value {
    image.push_to(&registry.url(), repository, "1", None).expect("the registry takes the image");
    entry(image, registry.host(), repository, &["linux/amd64", "linux/arm64"])
}

/// The digests of one platform: manifest, config and each layer once.
pub(crate) fn blobs(image: &Image, platform: &str) -> Vec<String> {
    let mut all = vec![image.manifest_of(platform).expect("the image has the platform").digest.clone()];
    all.push(image.config_of(platform).expect("the image has the platform").digest.clone());
    all.extend(image.layers_of(platform).iter().map(|layer| layer.digest.clone()));
    let mut seen = Vec::new();
    all.retain(|digest| {
        !seen.contains(digest) && {
            seen.push(digest.clone());
            true
        }
    });
    all
}

/// The lock's entry for an image of the in-process registry.
pub(crate) fn served(image: &Image, registry: &Registry, repository: &str) -> Value {
    registry.push(&format!("{repository}:1"), image);
    entry(image, registry.host(), repository, &["linux/amd64", "linux/arm64"])
}

/// Asserts that a folder is the OCI layout of one platform, with the registry's bytes.
pub(crate) fn assert_layout(folder: &Utf8Path, image: &Image, platform: &str) {
    let read = |name: &str| fs_err::read(folder.join(name)).expect("the layout has the file");
    let wanted = blobs(image, platform);
    for digest in &wanted {
        let bytes = read(&format!("blobs/{}", digest.replace(':', "/")));
        assert_eq!(&sha256(&bytes), digest);
        assert_eq!(image.content(digest).as_deref(), Some(bytes.as_slice()), "the bytes are the image's");
    }
    let count = fs_err::read_dir(folder.join("blobs/sha256")).expect("the layout has blobs").count();
    assert_eq!(count, wanted.len(), "the layout has no other blob");
    let marker: Value = serde_json::from_slice(&read("oci-layout")).expect("the marker is JSON");
    assert_eq!(marker, json!({ "imageLayoutVersion": "1.0.0" }));
    let index: Value = serde_json::from_slice(&read("index.json")).expect("the index is JSON");
    assert_eq!(index["manifests"].as_array().map(Vec::len), Some(1));
    assert_eq!(index["manifests"][0]["digest"], wanted[0].as_str());
    assert_eq!(index["manifests"][0]["size"], image.content(&wanted[0]).expect("the image has it").len());
}

/// The requests that reads make, as `METHOD path status`, sorted: Bazel asks for blobs at the same time.
pub(crate) fn reads(requests: &[Request]) -> Vec<String> {
    let mut lines: Vec<_> = requests
        .iter()
        .filter(|request| ["GET", "HEAD"].contains(&request.method.as_str()))
        .map(|request| format!("{} {} {}", request.method, request.path, request.status))
        .collect();
    lines.sort();
    lines
}

/// What a cold pull of one platform asks a registry that insists on `Accept`.
pub(crate) fn expected(suite: &Suite, image: &Image, repository: &str, platform: &str) -> Vec<String> {
    let all = blobs(image, platform);
    let mut lines = vec![format!("GET /v2/{repository}/manifests/{} 200", all[0])];
    let oci = image.manifest_of(platform).is_some_and(|manifest| manifest.media_type.contains("oci"));
    if suite.generation == Generation::Workspace && oci {
        // This Bazel cannot say which type it wants; curl can, after a 404.
        lines.push(format!("GET /v2/{repository}/manifests/{} 404", all[0]));
    }
    lines.extend(all[1..].iter().map(|digest| format!("GET /v2/{repository}/blobs/{digest} 200")));
    lines.sort();
    lines
}
