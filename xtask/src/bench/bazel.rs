//! Ten thousand images in Bazel, beside as many `http_file` repositories as they have platforms.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use imagelock_testkit::{Image, Layer, Registry, sha256};

use super::{RUNS, Times, timed, tool};
use crate::shell;

const IMAGES: usize = 10_000;
const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];
/// The one that is built.
const BUILT: usize = IMAGES / 2;

pub(super) fn run() -> Result<()> {
    let bazel = tool("bazel7").context("bazel7 is not installed: run `cargo xtask tools`")?;
    let registry = Registry::start()?;
    let image = Image::linux(ARCHITECTURES).layer(Layer::files([("file", "content")]));
    registry.push("acme/image:1", &image);
    let folder = tempfile::tempdir()?;
    let folder = Utf8Path::from_path(folder.path()).context("the temporary folder's name is not UTF-8")?;
    let ours = Contestant {
        name: "images.lock",
        repositories: format!("{IMAGES} images, {} platforms", IMAGES * ARCHITECTURES.len()),
        file: "images.lock",
        target: format!("@images//image-{BUILT:05}:linux_amd64"),
        bazel: bazel.clone(),
        folder: folder.join("ours"),
    };
    let peer = Contestant {
        name: "`http_file`",
        repositories: format!("{} repositories", IMAGES * ARCHITECTURES.len()),
        file: "MODULE.bazel",
        target: format!("@image_{BUILT:05}_amd64//file"),
        bazel,
        folder: folder.join("peer"),
    };
    ours.write(&lock(&registry, &image)?)?;
    ours.write_file("MODULE.bazel", &module())?;
    peer.write(&files(&registry, &image)?)?;
    let (ours, peer) = (ours.measure(&registry)?, peer.measure(&registry)?);
    shell::result(
        "| | what there is | first query of a new output base | of a new server | again | build after an edit of another line | its requests |",
    );
    shell::result("|---|---|---|---|---|---|---|");
    for result in [&ours, &peer] {
        shell::result(&result.row);
    }
    let ratios: Vec<String> =
        ours.seconds.iter().zip(&peer.seconds).map(|(ours, peer)| format!("{:.2}", ours / peer)).collect();
    shell::result(&format!("| ratio | | {} | |", ratios.join(" | ")));
    Ok(())
}

/// A repository that Bazel works in.
struct Contestant {
    name: &'static str,
    repositories: String,
    /// The file of which a line is edited.
    file: &'static str,
    target: String,
    bazel: Utf8PathBuf,
    folder: Utf8PathBuf,
}

struct Measured {
    seconds: [f64; 4],
    row: String,
}

impl Contestant {
    fn write(&self, text: &str) -> Result<()> {
        fs::create_dir_all(&self.folder)?;
        self.write_file("BUILD.bazel", "")?;
        self.write_file(self.file, text)
    }

    fn write_file(&self, name: &str, text: &str) -> Result<()> {
        Ok(fs::write(self.folder.join(name), text)?)
    }

    fn bazel(&self, arguments: &[&str]) -> Command {
        let root = format!("--output_user_root={}-root", self.folder);
        let mut command = Command::new(&self.bazel);
        command.arg(root).args(arguments).current_dir(&self.folder);
        command
    }

    fn quietly(&self, arguments: &[&str]) -> Result<()> {
        let output = self.bazel(arguments).stdout(Stdio::null()).output()?;
        ensure!(output.status.success(), "bazel {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    /// Times what a person waits for. A server's own start is left out: it is the same for all.
    fn measure(&self, registry: &Registry) -> Result<Measured> {
        let mut columns: [Times; 4] = std::array::from_fn(|_| Times(Vec::new()));
        let mut requests = 0;
        let query = ["query", self.target.as_str()];
        let build = ["build", self.target.as_str()];
        let mut text = fs::read_to_string(self.folder.join(self.file))?;
        for run in 0..RUNS {
            self.quietly(&["clean", "--expunge"])?;
            self.quietly(&["info"])?;
            columns[0].0.push(timed(&mut self.bazel(&query))?);
            self.quietly(&["shutdown"])?;
            self.quietly(&["info"])?;
            columns[1].0.push(timed(&mut self.bazel(&query))?);
            columns[2].0.push(timed(&mut self.bazel(&query))?);
            self.quietly(&build)?;
            text = text.replace(&edit(run), &edit(run + 1));
            self.write_file(self.file, &text)?;
            registry.log().take();
            columns[3].0.push(timed(&mut self.bazel(&build))?);
            requests = registry.log().take().len();
        }
        self.quietly(&["shutdown"])?;
        let seconds = columns.map(|mut column| column.median().as_secs_f64());
        let printed = seconds.map(|seconds| format!("{seconds:.1} s")).join(" | ");
        let row = format!("| {} | {} | {printed} | {requests} |", self.name, self.repositories);
        Ok(Measured { seconds, row })
    }
}

/// What a line says before the first edit, after it, and so on.
fn edit(times: usize) -> String {
    format!("edit-{times}-")
}

fn module() -> String {
    format!(
        r#"bazel_dep(name = "imagelock", version = "0.1.0")
local_path_override(module_name = "imagelock", path = "{}")
images = use_extension("@imagelock//:extensions.bzl", "images")
images.lock(file = "//:images.lock")
use_repo(images, "images")
"#,
        shell::repository().join("integrations/bazel/module")
    )
}

/// A digest that nothing has: only the image that is built is there.
fn invented(of: &str) -> String {
    sha256(of.as_bytes())
}

fn lock(registry: &Registry, image: &Image) -> Result<String> {
    let mut text = String::from("{\n  \"images\": {\n");
    for number in 0..IMAGES {
        let mut platforms = Vec::new();
        for architecture in ARCHITECTURES {
            let platform = format!("linux/{architecture}");
            let (manifest, config) = if number == BUILT {
                let manifest = image.manifest_of(&platform).context("the image has the platform")?;
                let config = image.config_of(&platform).context("the image has the platform")?;
                (manifest.digest.clone(), config.digest.clone())
            } else {
                (invented(&format!("manifest {number} {platform}")), invented(&format!("config {number} {platform}")))
            };
            platforms.push(format!(
                r#"        "{platform}": {{
          "config": "{config}",
          "digest": "{manifest}",
          "mediaType": "application/vnd.oci.image.manifest.v1+json",
          "size": 500
        }}"#
            ));
        }
        let tag = if number == BUILT + 1 { edit(0) } else { "1.0".to_owned() };
        let end = if number + 1 == IMAGES { "" } else { "," };
        let (host, digest, platforms) = (registry.host(), invented(&format!("index {number}")), platforms.join(",\n"));
        writeln!(
            text,
            r#"    "image-{number:05}": {{
      "created": "2026-11-12T08:31:02Z",
      "digest": "{digest}",
      "mediaType": "application/vnd.oci.image.index.v1+json",
      "platforms": {{
{platforms}
      }},
      "registry": "{host}",
      "repository": "acme/image",
      "request": {{ "repository": "{host}/acme/image", "tag": "{tag}" }},
      "revision": "{digest:.40}",
      "size": 900,
      "source": "https://example.com/acme/image-{number:05}",
      "tag": "{tag}",
      "version": "1.0"
    }}{end}"#
        )?;
    }
    text.push_str("  },\n  \"version\": 1\n}\n");
    Ok(text)
}

/// The same number of files, each by its digest.
fn files(registry: &Registry, image: &Image) -> Result<String> {
    let mut text =
        "http_file = use_repo_rule(\"@bazel_tools//tools/build_defs/repo:http.bzl\", \"http_file\")\n".to_owned();
    let layer = &image.layers_of("linux/amd64").first().context("the image has a layer")?.digest;
    for number in 0..IMAGES {
        for architecture in ARCHITECTURES {
            let digest = if number == BUILT { layer.clone() } else { invented(&format!("{number} {architecture}")) };
            let edited = number == BUILT + 1 && architecture == ARCHITECTURES[0];
            let query = if edited { format!("?{}", edit(0)) } else { String::new() };
            writeln!(
                text,
                "http_file(name = \"image_{number:05}_{architecture}\", urls = [\"{}/v2/acme/image/blobs/{digest}{query}\"], \
                 sha256 = \"{}\")",
                registry.url(),
                digest.trim_start_matches("sha256:"),
            )?;
        }
    }
    Ok(text)
}
