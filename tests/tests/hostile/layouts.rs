//! OCI image layout directories that somebody else made.

use std::os::unix::fs::symlink;

use imagelock_testkit::Image;
use serde_json::{Value, json};

use crate::harness::{Case, Stage};

/// A case with a layout at `img`, which is changed before it is locked.
fn layout(name: &'static str, change: impl FnOnce(&Stage) + Send + 'static) -> Case {
    Case::new(name).toml("[images.app]\nlayout = \"img\"\ntag = \"1\"\n").then(move |stage| {
        Image::linux(["amd64"]).write_layout(stage.repo.path("img"), "1").unwrap();
        change(stage);
    })
}

/// The same, with another `index.json`.
fn index(name: &'static str, edit: impl FnOnce(&mut Value) + Send + 'static) -> Case {
    layout(name, move |stage| {
        let mut index = serde_json::from_str(&stage.repo.read("img/index.json")).unwrap();
        edit(&mut index);
        stage.repo.write("img/index.json", index.to_string());
    })
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = paths();
    cases.extend(contents());
    cases
}

fn paths() -> Vec<Case> {
    let at = |name, path: &str| {
        let toml = format!("[images.app]\nlayout = \"{path}\"\ntag = \"1\"\n");
        layout(name, |_| {}).toml(&toml).exits(2).no_file("images.lock")
    };
    vec![
        layout("a layout is locked without a network", |_| {}).requests(0).lock_has("/images/app/tag", "1"),
        at("a layout outside the repository is refused", "../img"),
        at("a layout at a path of the machine is refused", "/etc"),
        at("a layout that is not there is told with its path", "imgs").says("imgs"),
        layout("a document behind a link that leads elsewhere is not read", |stage| {
            stage.repo.write("../secret.json", "{\"password\":\"hunter-2\"}");
            std::fs::remove_file(stage.repo.path("img/index.json")).unwrap();
            symlink(stage.repo.path("../secret.json"), stage.repo.path("img/index.json")).unwrap();
        })
        .secret("hunter-2")
        .exits(2),
        layout("a layout in a folder that leads out of the repository is not read", |stage| {
            std::fs::rename(stage.repo.path("img"), stage.repo.path("../img")).unwrap();
            symlink("../img", stage.repo.path("img")).unwrap();
        })
        .exits(2)
        .says("is a link that leads out of the repository")
        .no_file("images.lock"),
        layout("a layout behind a link in the repository is read", |stage| {
            std::fs::rename(stage.repo.path("img"), stage.repo.path("other")).unwrap();
            symlink("other", stage.repo.path("img")).unwrap();
        })
        .lock_has("/images/app/tag", "1"),
        layout("a locked layout that leads out of the repository by now is not verified", |_| {})
            .runs("lock")
            .then(|stage| {
                std::fs::rename(stage.repo.path("img"), stage.repo.path("../img")).unwrap();
                symlink("../img", stage.repo.path("img")).unwrap();
            })
            .runs("verify")
            .exits(3)
            .says("is a link that leads out of the repository"),
        layout("a pipe in a layout is not waited for", |stage| {
            std::fs::remove_file(stage.repo.path("img/index.json")).unwrap();
            let made = std::process::Command::new("mkfifo").arg(stage.repo.path("img/index.json")).status();
            assert!(made.unwrap().success());
        })
        .exits(2)
        .says("it is a pipe, not a file"),
    ]
}

fn contents() -> Vec<Case> {
    vec![
        layout("a layout without its mark is none", |stage| {
            std::fs::remove_file(stage.repo.path("img/oci-layout")).unwrap();
        })
        .exits(2)
        .says("oci-layout"),
        index("an entry of a layout that is null says nothing", |index| {
            index["manifests"].as_array_mut().unwrap().insert(0, Value::Null);
        })
        .lock_has("/images/app/tag", "1"),
        layout("a layout of another version is refused", |stage| {
            stage.repo.write("img/oci-layout", "{\"imageLayoutVersion\":\"2.0.0\"}");
        })
        .exits(2)
        .says("2.0.0"),
        layout("an index that is no JSON is told with its file", |stage| stage.repo.write("img/index.json", "<html>"))
            .exits(2)
            .says("index.json"),
        layout("an index that is nested without end is refused", |stage| {
            stage.repo.write("img/index.json", "[".repeat(200_000));
        })
        .exits(2),
        layout("a blob with other bytes than its name is refused", |stage| {
            let digest = Image::linux(["amd64"]).digest().replace(':', "/");
            stage.repo.write(format!("img/blobs/{digest}"), "{}");
        })
        .exits(2),
        layout("a blob that is not there is told with its digest", |stage| {
            let digest = Image::linux(["amd64"]).digest().replace(':', "/");
            std::fs::remove_file(stage.repo.path(format!("img/blobs/{digest}"))).unwrap();
        })
        .exits(2)
        .says("blobs/sha256/"),
        index("a digest that leads out of the layout is refused", |index| {
            index["manifests"][0]["digest"] = "sha256:../../../images.toml".into();
        })
        .exits(2),
        index("a name that is not there is told with those that are", |index| {
            index["manifests"][0]["annotations"] = json!({ "org.opencontainers.image.ref.name": "2" });
        })
        .exits(2)
        .says("2"),
        layout("two images of one name are told where no tag is asked for", |stage| {
            let toml = stage.repo.read("images.toml").replace("tag = \"1\"\n", "");
            stage.repo.write("images.toml", toml);
            let mut index: Value = serde_json::from_str(&stage.repo.read("img/index.json")).unwrap();
            let mut other = index["manifests"][0].clone();
            other["digest"] = format!("sha256:{}", "a".repeat(64)).into();
            index["manifests"].as_array_mut().unwrap().push(other);
            stage.repo.write("img/index.json", index.to_string());
        })
        .exits(2)
        .says("has 2 different images that no `tag` can tell apart: 1 (sha256:")
        .no_file("images.lock"),
        index("a layout without images is told as that", |index| index["manifests"] = json!([])).exits(2),
    ]
}
