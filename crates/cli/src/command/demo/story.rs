//! Two screens: a repository without imagelock is taken over, and one morning tags have moved.

use imagelock_core::lockfile;
use imagelock_core::project::FILE_NAME;
use imagelock_testkit::Registry;

use super::{Stage, first_static, image, second_static};
use crate::failure::Failure;

/// A small repository, in which `HOST` is the registry and `PINNED` the digest that one of its files has.
const FILES: &[(&str, &str)] = &[
    (
        "services/web/Dockerfile",
        "FROM HOST/acme/redis:8 AS cache\nFROM HOST/acme/static:latest\nCOPY --from=cache /data /data\n",
    ),
    ("services/jobs/Dockerfile", "ARG BASE=HOST/acme/static:latest@PINNED\nFROM ${BASE}\n"),
    (
        "deploy/web.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: web\n    image: HOST/acme/static:latest\n",
    ),
    ("compose.yaml", "services:\n  db:\n    image: HOST/acme/postgres:16.9-alpine\n"),
    ("charts/web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
    (
        "charts/web/templates/cache.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: cache\nspec:\n  containers:\n  - name: cache\n    \
         image: \"{{ .Values.cache.image.repository }}:{{ .Values.cache.image.tag }}\"\n",
    ),
    ("charts/web/values.yaml", "cache:\n  image:\n    repository: HOST/acme/redis\n    tag: \"8\"\n"),
];

pub(super) fn play(stage: &Stage<'_>, registry: &Registry) -> Result<(), Failure> {
    let pinned = first_static().digest().to_owned();
    for (path, text) in FILES {
        let path = stage.directory.join(path);
        if let Some(folder) = path.parent() {
            fs_err::create_dir_all(folder)?;
        }
        fs_err::write(path, text.replace("HOST", registry.host()).replace("PINNED", &pinned))?;
    }

    stage.say("1. A repository names images in five files. One is pinned:");
    stage.run(&["scan"])?;
    stage.say("`init` declares and locks them; the pin in use stays. `render` pins every file, and `check` is the gate in CI:");
    stage.run(&["init", "--yes"])?;
    stage.run(&["render"])?;
    stage.run(&["check"])?;

    stage.say("2. images.toml says how much may change without asking. One morning, two tags have moved:");
    allow_patches(stage)?;
    registry.push("acme/static:latest", &second_static());
    registry.push("acme/redis:8", &image("redis-9", "8.6.0", "2026-11-23T07:00:00Z"));
    fs_err::copy(stage.directory.join(lockfile::FILE_NAME), stage.directory.join("before.lock"))?;
    stage.run(&["update"])?;
    stage.say(
        "What that brings, beside the lock as it was. In a repository of Git's, `diff` alone asks the last commit:",
    );
    stage.run(&["diff", "before.lock"])?;
    stage.say("What is more than a patch waits for somebody who approves it:");
    stage.run(&["update", "redis", "--allow", "minor"])?;
    stage.say("The lock has moved, and the files have not. `check` is red, and `render` mends it:");
    stage.red(&["check"])?;
    stage.run(&["render"])?;
    stage.run(&["check"])?;
    stage.say("Whoever asks what runs here gets one page, which is searched and printed, and asks nobody:");
    stage.run(&["report", "images.html"])
}

/// Says in the project file that patches are taken without asking, and shows it.
fn allow_patches(stage: &Stage<'_>) -> Result<(), Failure> {
    let path = stage.directory.join(FILE_NAME);
    let written = fs_err::read_to_string(&path)?;
    fs_err::write(&path, format!("[defaults]\nupdates = \"patch\"\n\n{written}"))?;
    stage.show(FILE_NAME)
}
