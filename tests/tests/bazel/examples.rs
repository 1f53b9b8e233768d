//! The examples, built as they stand: only their registry is another, and their lock is brought up to date.

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_testkit::{Image, Layer};
use imagelock_tests::{Monorepo, RealRegistry};
use serde_json::Value;

use super::{Generation, Suite, asked, module};

/// What the examples' registry is called in them.
const REGISTRY: &str = "cgr.dev";

/// An example in a scratch repository, locked.
fn example(name: &str, bazel: &Utf8Path, generation: Generation, registry: &RealRegistry) -> (Suite, Image) {
    let layer = Layer::files([("etc/os-release", "the example")]);
    let image = Image::linux(["amd64", "arm64"]).seed("static").layer(layer);
    image.push_to(&registry.url(), "chainguard/static", "latest", None).expect("the registry takes the image");
    let folder = module().with_file_name("example").join(name);
    let mut repo = Monorepo::builder();
    for file in files(&folder) {
        let text = fs_err::read_to_string(&file).expect("an example is text");
        let text = text.replace(REGISTRY, registry.host()).replace("../../module", module().as_str());
        repo = repo.file(file.strip_prefix(&folder).expect("the file is in the folder"), text);
    }
    let suite = Suite::of(repo.build(), bazel, generation);
    // The digests in an example's lock are placeholders, as its README says.
    suite.repo.imagelock(["update"]).success();
    (suite, image)
}

fn files(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let items = folder.read_dir_utf8().expect("the example is there");
    items.map(|item| item.expect("the folder can be read").path().to_owned()).filter(|path| path.is_file()).collect()
}

fn built(suite: &Suite, file: &str) -> String {
    suite.repo.read(Utf8Path::new("bazel-bin").join(file))
}

/// `bzlmod` and `workspace`: a layout, a reference, one platform.
pub(crate) fn plain(name: &str, bazel: &Utf8Path, generation: Generation, registry: &RealRegistry) {
    let (suite, image) = example(name, bazel, generation, registry);
    drop(suite.build(&["//..."]).success());
    let files = built(&suite, "files.txt");
    assert_eq!(files.lines().count(), 5, "a manifest, its config, its layer, and two files of the layout:\n{files}");
    let reference = format!("{}/chainguard/static@{}\n", registry.host(), image.digest());
    assert_eq!(built(&suite, "reference.txt"), reference);
}

/// A stand-in for rules_oci, with what its rules ask of their arguments. See `oci/pull.bzl` and `oci/private/image.bzl`
/// there.
const RULES_OCI: &[(&str, &str)] = &[
    ("MODULE.bazel", "module(name = \"rules_oci\", version = \"2.2.6\")\n"),
    ("BUILD.bazel", ""),
    ("oci/BUILD.bazel", ""),
    (
        "oci/defs.bzl",
        r#"
def _image(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".txt")
    # Read as rules_oci does: an index with one entry, and the blobs by their digests.
    ctx.actions.run_shell(
        inputs = [ctx.file.base],
        outputs = [out],
        arguments = [ctx.file.base.path, out.path],
        command = "if [ -d $1 ]; then cat $1/index.json; ls $1/blobs/sha256; else cat $1; fi >$2",
    )
    return [DefaultInfo(files = depset([out]))]

oci_image = rule(
    implementation = _image,
    attrs = {
        "base": attr.label(allow_single_file = True, mandatory = True),
        "entrypoint": attr.string_list(),
    },
)
"#,
    ),
    (
        "oci/pull.bzl",
        r#"
def _pull(rctx):
    rctx.file("pulled.json", rctx.attr.pulled)
    rctx.file("BUILD.bazel", """
filegroup(name = "{}", srcs = ["pulled.json"], visibility = ["//visibility:public"])
""".format(rctx.attr.target_name))

_oci_pull = repository_rule(
    implementation = _pull,
    attrs = {"platforms": attr.label_keyed_string_dict(), "pulled": attr.string(), "target_name": attr.string()},
)

_CPUS = {"linux/amd64": "@platforms//cpu:x86_64", "linux/arm64": "@platforms//cpu:arm64"}

def oci_pull(name, registry, repository, digest, platforms, is_bzlmod):
    pulled = dict(registry = registry, repository = repository, digest = digest, platforms = platforms)
    cpus = {_CPUS[platform]: platform for platform in platforms}
    _oci_pull(name = name, target_name = name, pulled = json.encode(pulled), platforms = cpus)
"#,
    ),
];

/// The same for rules_img. See `img/private/repository_rules/pull.bzl` and
/// `img/private/conversion/manifest_from_oci_layout.bzl` there.
const RULES_IMG: &[(&str, &str)] = &[
    ("MODULE.bazel", "module(name = \"rules_img\", version = \"0.3.19\")\n"),
    ("BUILD.bazel", ""),
    ("img/BUILD.bazel", ""),
    (
        "img/convert.bzl",
        r#"
def _manifest(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".txt")
    ctx.actions.run_shell(
        inputs = [ctx.file.src],
        outputs = [out],
        arguments = [ctx.file.src.path, out.path],
        command = "cat $1/index.json >$2; ls $1/blobs/sha256 >>$2",
    )
    return [DefaultInfo(files = depset([out]))]

image_manifest_from_oci_layout = rule(
    implementation = _manifest,
    attrs = {
        "architecture": attr.string(mandatory = True, values = ["amd64", "arm64"]),
        "layers": attr.string_list(mandatory = True),
        "os": attr.string(mandatory = True, values = ["linux"]),
        "src": attr.label(mandatory = True, allow_single_file = True),
        "variant": attr.string(),
    },
)
"#,
    ),
    (
        "img/image.bzl",
        r#"
def _manifest(ctx):
    out = ctx.actions.declare_file(ctx.label.name + ".txt")
    ctx.actions.run_shell(
        inputs = [ctx.file.base],
        outputs = [out],
        arguments = [ctx.file.base.path, out.path],
        command = "cp $1 $2",
    )
    return [DefaultInfo(files = depset([out]))]

image_manifest = rule(
    implementation = _manifest,
    attrs = {"base": attr.label(mandatory = True, allow_single_file = True)},
)
"#,
    ),
    (
        "img/pull.bzl",
        r#"
def _pull(rctx):
    keys = ["registry", "repository", "digest", "tag"]
    rctx.file("pulled.json", json.encode({key: getattr(rctx.attr, key) for key in keys}))
    rctx.file("BUILD.bazel", """
filegroup(name = "{}", srcs = ["pulled.json"], visibility = ["//visibility:public"])
""".format(getattr(rctx, "original_name", rctx.name.replace("+", "~").split("~")[-1])))

pull = repository_rule(
    implementation = _pull,
    attrs = {
        "digest": attr.string(mandatory = True),
        "registry": attr.string(mandatory = True),
        "repository": attr.string(mandatory = True),
        "tag": attr.string(),
    },
)
"#,
    ),
];

/// Puts a stand-in in the place of a module.
fn stand_in(suite: &Suite, name: &str, files: &[(&str, &str)]) {
    let folder = suite.beside(name);
    for (path, text) in files {
        let path = folder.join(path);
        fs_err::create_dir_all(path.parent().expect("a file is in a folder")).expect("the folder can be made");
        fs_err::write(path, text).expect("the file can be written");
    }
    let modules = suite.repo.read("MODULE.bazel");
    let here = format!("local_path_override(module_name = \"{name}\", path = \"{folder}\")\n");
    suite.repo.write("MODULE.bazel", modules + &here);
}

/// What the bridge handed to the other rule set.
fn pulled(text: &str, image: &Image, registry: &RealRegistry) -> Value {
    let pulled: Value = serde_json::from_str(text).expect("the bridge passes on what the lock says");
    assert_eq!(pulled["digest"], image.digest());
    assert_eq!(pulled["registry"], registry.host());
    assert_eq!(pulled["repository"], "chainguard/static");
    pulled
}

fn assert_is_layout(text: &str, image: &Image) {
    let manifest = &image.manifest_of("linux/amd64").expect("the image has it").digest;
    assert!(text.contains(&format!("\"digest\":\"{manifest}\"")), "{text}");
    let layer = image.layers_of("linux/amd64")[0].digest.trim_start_matches("sha256:");
    assert!(text.contains(layer), "{text}");
}

/// `oci_image` takes the directory as its base, and `oci_pull` gets what the lock says, without a request.
pub(crate) fn rules_oci(bazel: &Utf8Path, registry: &RealRegistry) {
    let (suite, image) = example("rules_oci", bazel, Generation::Modules, registry);
    stand_in(&suite, "rules_oci", RULES_OCI);
    drop(suite.build(&["//:web"]).success());
    assert_is_layout(&built(&suite, "web.txt"), &image);
    let requests = asked(registry, || drop(suite.build(&["//:web_pulled"]).success()));
    assert_eq!(requests, [""; 0], "the bridge reads the lock");
    let pulled = pulled(&built(&suite, "web_pulled.txt"), &image, registry);
    assert_eq!(pulled["platforms"], serde_json::json!(["linux/amd64", "linux/arm64"]));
}

/// The same for rules_img: a shallow base by digest, and an image of the directory.
pub(crate) fn rules_img(bazel: &Utf8Path, registry: &RealRegistry) {
    let (suite, image) = example("rules_img", bazel, Generation::Modules, registry);
    stand_in(&suite, "rules_img", RULES_IMG);
    drop(suite.build(&["//:static"]).success());
    assert_is_layout(&built(&suite, "static.txt"), &image);
    let requests = asked(registry, || drop(suite.build(&["//:web"]).success()));
    assert_eq!(requests, [""; 0], "the bridge reads the lock");
    assert_eq!(pulled(&built(&suite, "web.txt"), &image, registry)["tag"], "latest");
}

/// The demo asks Bazel which image it would use, where Bazel is present.
pub(crate) fn the_demo(bazel_name: &str) {
    let tools = imagelock_tests::tool(bazel_name).expect("the tool is there");
    let folder = tools.parent().and_then(Utf8Path::parent).expect("a tool is in bin/");
    let repo = Monorepo::builder().env("IMAGELOCK_TOOLS", folder.as_str()).build();
    let said = repo.imagelock(["demo", "--full"]).success();
    let line = said.stderr.lines().find(|line| line.contains("Agrees") && line.contains(bazel_name));
    assert!(line.is_some_and(|line| line.contains("static")), "{said}");
}
