//! `cargo xtask bench render`: every target from a lock of 5,000 images, beside copying the same bytes; each adapter alone;
//! and `post-render` of more and more Pods.

use std::process::Command;

use anyhow::{Context as _, Result};
use camino::Utf8Path;
use fs_err as fs;
use imagelock_testkit::{Image, Registry};

use super::{RUNS, Times, build, imagelock, timed};
use crate::shell;

const IMAGES: usize = 5_000;

/// A target of every adapter. Those that edit have a file with a place for each image.
const TARGETS: &str = "
[[buildkit]]
output = \"out/policy.json\"
[[carvel]]
output = \"out/images.yml\"
[[compose]]
file = \"compose.yaml\"
output = \"out/compose.images.yaml\"
[[cyclonedx]]
output = \"out/images.cdx.json\"
[[dockerfile]]
edit = \"Dockerfile\"
[[earthly]]
output = \"out/Earthfile\"
[[hauler]]
output = \"out/hauler.yaml\"
[[kubernetes]]
edit = \"pods.yaml\"
[[kustomize]]
output = \"out/kustomization.yaml\"
[[marker]]
edit = \"script.sh\"
[[terraform]]
output = \"out/images.auto.tfvars.json\"
[[terraform]]
edit = \"main.tf\"
[[zarf]]
output = \"out/zarf.yaml\"
[[helm]]
chart = \"chart\"
output = \"out/values.images.yaml\"
";

pub(super) fn run() -> Result<()> {
    build()?;
    let registry = Registry::start()?;
    let folder = tempfile::tempdir()?;
    let root = Utf8Path::from_path(folder.path()).context("the temporary directory's path is UTF-8")?;
    let names: Vec<String> = (0..IMAGES).map(|number| format!("image{number}")).collect();
    for name in &names {
        registry.push(&format!("acme/{name}:1"), &Image::linux(["amd64"]).seed(name));
    }
    lay_out(root, registry.host(), &names)?;
    let command = |arguments: &[&str]| {
        let mut command = Command::new(imagelock());
        command.args(arguments).arg("--quiet").current_dir(root).env("IMAGELOCK_CACHE", root.join("cache"));
        command
    };
    timed(&mut command(&["lock"]))?;
    let before = root.join("before");
    copy(root, &before)?;
    let (mut first, mut again, mut peer) = (Times(Vec::new()), Times(Vec::new()), Times(Vec::new()));
    let mut bytes = 0;
    for _ in 0..RUNS {
        // As if nothing had been rendered yet.
        drop(fs::remove_dir_all(root.join("out")));
        copy(&before, root)?;
        first.0.push(timed(&mut command(&["render"]))?);
        again.0.push(timed(&mut command(&["render"]))?);
        let files = written(root)?;
        bytes = files.iter().map(|(_, content)| content.len()).sum();
        let copies = root.join("copies");
        fs::create_dir_all(&copies)?;
        let mut cp = Command::new("cp");
        cp.args(files.iter().map(|(path, _)| path.as_str())).arg(copies.as_str());
        peer.0.push(timed(&mut cp)?);
    }
    let (first, again, peer) =
        (first.median().as_secs_f64(), again.median().as_secs_f64(), peer.median().as_secs_f64());
    shell::result("| images | bytes written | `imagelock render` | `render` again | `cp` | to cp |");
    shell::result("|---|---|---|---|---|---|");
    shell::result(&format!("| {IMAGES} | {bytes} | {first:.2} s | {again:.2} s | {peer:.3} s | {:.0} |", first / peer));
    alone(&command)?;
    post_render(&command, root, registry.host())
}

/// `render` for one adapter after the other.
fn alone(command: &impl Fn(&[&str]) -> Command) -> Result<()> {
    shell::result("");
    shell::result("| adapter alone | `render` |");
    shell::result("|---|---|");
    for adapter in imagelock::ADAPTERS {
        let (id, mut times) = (adapter.id(), Times(Vec::new()));
        for _ in 0..RUNS {
            times.0.push(timed(&mut command(&["render", "--only", id]))?);
        }
        shell::result(&format!("| {id} | {:.2} s |", times.median().as_secs_f64()));
    }
    Ok(())
}

/// `post-render` of more and more Pods; of none, it reads the project and the lock.
fn post_render(command: &impl Fn(&[&str]) -> Command, root: &Utf8Path, host: &str) -> Result<()> {
    shell::result("");
    shell::result("| Pods | bytes read | `post-render` |");
    shell::result("|---|---|---|");
    for pods in [0, 5_000, 10_000, 20_000] {
        let pod = |number| {
            let image = number % IMAGES;
            format!(
                "---\napiVersion: v1\nkind: Pod\nmetadata:\n  name: pod{number}\nspec:\n  containers:\n  - name: main\n    \
                 image: {host}/acme/image{image}:1\n"
            )
        };
        let text: String = (0..pods).map(pod).collect();
        let rendered = root.join("rendered.yaml");
        fs::write(&rendered, &text)?;
        let mut times = Times(Vec::new());
        for _ in 0..RUNS {
            times.0.push(timed(command(&["post-render"]).stdin(fs::File::open(&rendered)?.into_file()))?);
        }
        shell::result(&format!("| {pods} | {} | {:.2} s |", text.len(), times.median().as_secs_f64()));
    }
    Ok(())
}

/// The project, and a file with a place for each image for every adapter that edits or reads one.
fn lay_out(root: &Utf8Path, host: &str, names: &[String]) -> Result<()> {
    let each = |line: &dyn Fn(&str) -> String| -> String { names.iter().map(|name| line(name)).collect() };
    let images = each(&|name| format!("{name} = \"{host}/acme/{name}:1\"\n"));
    let values = each(&|name| format!("{name} = \"{name}\"\n"));
    let pods = each(&|name| format!("  - name: {name}\n    image: {host}/acme/{name}:1\n"));
    let files = [
        ("images.toml", format!("[images]\n{images}{TARGETS}[helm.values]\n{values}")),
        ("chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 1.0.0\n".to_owned()),
        (
            "chart/values.yaml",
            each(&|name| format!("{name}:\n  repository: {host}/acme/{name}\n  tag: x\n  digest: \"\"\n")),
        ),
        (
            "compose.yaml",
            format!("services:\n{}", each(&|name| format!("  {name}:\n    image: {host}/acme/{name}:1\n"))),
        ),
        ("pods.yaml", format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n{pods}")),
        ("Dockerfile", each(&|name| format!("FROM {host}/acme/{name}:1 AS {name}\n"))),
        ("script.sh", each(&|name| format!("{name}=\"{host}/acme/{name}:1\" # imagelock: {name}\n"))),
        ("main.tf", format!("locals {{\n{}}}\n", each(&|name| format!("  {name} = \"x\" # imagelock: {name}\n")))),
    ];
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().context("it is in a folder")?)?;
        fs::write(path, text)?;
    }
    Ok(())
}

/// Copies the files that are edited.
fn copy(from: &Utf8Path, to: &Utf8Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for file in EDITED {
        fs::copy(from.join(file), to.join(file))?;
    }
    Ok(())
}

const EDITED: &[&str] = &["Dockerfile", "pods.yaml", "script.sh", "main.tf"];

/// All files that were written, with their content.
fn written(root: &Utf8Path) -> Result<Vec<(camino::Utf8PathBuf, Vec<u8>)>> {
    let mut paths: Vec<_> = EDITED.iter().map(|file| root.join(file)).collect();
    for entry in root.join("out").read_dir_utf8()? {
        paths.push(entry?.into_path());
    }
    paths.into_iter().map(|path| Ok((path.clone(), fs::read(path)?))).collect()
}
