//! A registry of Bazel modules on disk, so that bzlmod works without the central registry.
//!
//! `bazel_tools` depends on a dozen modules, and so does every build, even one of a single genrule. Debian ships the
//! important ones; the others get an empty module with the extensions that `bazel_tools` asks them for. A registry's
//! own copy of MODULE.bazel is what Bazel reads, so Debian's copy is taken with the wanted version written into it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use regex::Regex;

/// Where the registry is, inside the root folder.
const REGISTRY: &str = "/bazel-registry";

/// Where Debian keeps its modules, inside the root folder.
const SHIPPED: &str = "/usr/share/bazel";

/// Read by Bazel before every other file of settings. The lockfile is off because Debian's build writes an empty one
/// and then refuses to read it; WORKSPACE is off because its toolchains would be fetched.
const SETTINGS: &str = "\
common --registry=file:///bazel-registry
common --lockfile_mode=off
common --noenable_workspace
";

/// Versions that a repository may well ask for, beside those that the modules themselves ask for.
const ASKED_FOR: &[(&str, &str)] = &[
    ("aspect_bazel_lib", "2.22.5"),
    ("bazel_features", "1.30.0"),
    ("bazel_features", "1.38.0"),
    ("bazel_lib", "3.0.0"),
    ("bazel_skylib", "1.7.1"),
    ("bazel_skylib", "1.8.1"),
    ("bazel_skylib", "1.8.2"),
    ("platforms", "0.0.11"),
    ("platforms", "1.0.0"),
    ("rules_shell", "0.6.1"),
];

/// Extensions of modules that are not real here: module, file, extension, and the empty repositories it makes.
const EXTENSIONS: &[(&str, &str, &str, &[&str])] = &[
    (
        "rules_java",
        "java/extensions.bzl",
        "toolchains",
        &[
            "local_jdk",
            "remote_java_tools",
            "remote_java_tools_darwin_arm64",
            "remote_java_tools_darwin_x86_64",
            "remote_java_tools_linux",
            "remote_java_tools_windows",
        ],
    ),
    ("buildozer", "buildozer_binary.bzl", "buildozer_binary", &["buildozer_binary"]),
];

/// The body of an extension: `bazel mod tidy` runs `buildozer.exe` of the repository `buildozer_binary`.
const EXTENSION: &str = r#"def _repository(context):
    context.file("BUILD.bazel", "")
    if context.which("buildozer"):
        context.symlink(context.which("buildozer"), "buildozer.exe")

_empty = repository_rule(implementation = _repository)

def _extension(_context):
    for name in NAMES:
        _empty(name = name)

"#;

/// One `bazel_dep` of a MODULE.bazel, or the module itself.
type Version = (String, String);

/// Writes the registry into the root folder and makes Bazel use it.
pub(crate) fn write(root: &Utf8Path) -> Result<()> {
    let shipped = shipped(&join(root, SHIPPED))?;
    let mut waiting: Vec<Version> = ASKED_FOR.iter().map(|(name, version)| own(name, version)).collect();
    let tools = fs::read_to_string(join(root, SHIPPED).join("embedded_tools/MODULE.bazel"))?;
    waiting.extend(dependencies(&tools)?);
    let mut written = BTreeSet::new();
    while let Some(module) = waiting.pop() {
        if !written.insert(module.clone()) {
            continue;
        }
        let (name, version) = &module;
        let (text, path) = match shipped.get(name) {
            Some((folder, text)) => (with_version(text, version)?, inside(root, folder)?),
            None => (format!("module(name = \"{name}\", version = \"{version}\")\n"), stub(root, name)?),
        };
        waiting.extend(dependencies(&text)?);
        let folder = join(root, REGISTRY).join("modules").join(name).join(version);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("MODULE.bazel"), text)?;
        fs::write(folder.join("source.json"), format!("{{\"type\": \"local_path\", \"path\": \"{path}\"}}\n"))?;
    }
    fs::write(join(root, REGISTRY).join("bazel_registry.json"), "{\"module_base_path\": \"/\"}\n")?;
    fs::write(root.join("etc/bazel.bazelrc"), SETTINGS)?;
    Ok(())
}

fn own(name: &str, version: &str) -> Version {
    (name.to_owned(), version.to_owned())
}

fn join(root: &Utf8Path, absolute: &str) -> Utf8PathBuf {
    root.join(absolute.trim_start_matches('/'))
}

/// The path of a folder as it is seen from inside the root.
fn inside(root: &Utf8Path, folder: &Utf8Path) -> Result<String> {
    Ok(format!("/{}", folder.strip_prefix(root).context("a module lies outside of the root")?))
}

/// Returns the folder and the MODULE.bazel of each module that Debian ships and that has no stand-in.
fn shipped(folder: &Utf8Path) -> Result<BTreeMap<String, (Utf8PathBuf, String)>> {
    let name = Regex::new(r#"(?s)\bmodule\(.*?name = "([^"]+)""#)?;
    let mut found = BTreeMap::new();
    for group in ["platforms", "rules", "tools"] {
        let Ok(entries) = folder.join(group).read_dir_utf8() else {
            continue;
        };
        for entry in entries {
            let module = entry?.path().to_owned();
            let Ok(text) = fs::read_to_string(module.join("MODULE.bazel")) else {
                continue;
            };
            let Some(name) = name.captures(&text).map(|found| found[1].to_owned()) else {
                continue;
            };
            if !EXTENSIONS.iter().any(|(module, ..)| *module == name) {
                found.insert(name, (module, text));
            }
        }
    }
    Ok(found)
}

/// The dependencies that a MODULE.bazel brings to whoever depends on it.
fn dependencies(text: &str) -> Result<Vec<Version>> {
    let call = Regex::new(r"(?m)^bazel_dep\(([^)]*)\)")?;
    let argument = Regex::new(r#"\b(name|version|dev_dependency) = "?([^",\s]+)"#)?;
    let mut found = Vec::new();
    for call in call.captures_iter(text) {
        let arguments: BTreeMap<_, _> = argument.captures_iter(&call[1]).map(|pair| own(&pair[1], &pair[2])).collect();
        if let (Some(name), Some(version), None) =
            (arguments.get("name"), arguments.get("version"), arguments.get("dev_dependency"))
        {
            found.push(own(name, version));
        }
    }
    Ok(found)
}

/// Returns a MODULE.bazel that declares another version of the same module.
fn with_version(text: &str, version: &str) -> Result<String> {
    let declared = Regex::new(r#"(?s)(\bmodule\([^)]*?\bversion = )"[^"]*""#)?;
    Ok(declared.replace(text, format!("${{1}}\"{version}\"")).into_owned())
}

/// Makes a module with nothing in it but the extensions that are asked of it, and returns its path inside the root.
fn stub(root: &Utf8Path, module: &str) -> Result<String> {
    let path = format!("{REGISTRY}/stubs/{module}");
    let folder = join(root, &path);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("BUILD.bazel"), "")?;
    fs::write(folder.join("REPO.bazel"), "")?;
    for (_, file, extension, repositories) in EXTENSIONS.iter().filter(|(name, ..)| *name == module) {
        let file = folder.join(file);
        let names = repositories.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        let body = EXTENSION.replace("NAMES", &format!("[{names}]"));
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
            fs::write(parent.join("BUILD.bazel"), "")?;
        }
        fs::write(&file, format!("{body}{extension} = module_extension(implementation = _extension)\n"))?;
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODULE: &str = r#"module(
    # Keep in sync with version.bzl
    name = "rules_demo",
    version = "0.0.0",
    compatibility_level = 1,
)

bazel_dep(name = "platforms", version = "0.0.8")
bazel_dep(
    name = "protobuf",
    version = "21.7",
    repo_name = "com_google_protobuf",
)
bazel_dep(name = "stardoc", version = "0.5.6", dev_dependency = True)
bazel_dep(name = "unversioned")
"#;

    #[test]
    fn the_dependencies_that_reach_a_user_are_read() {
        assert_eq!(dependencies(MODULE).unwrap(), [own("platforms", "0.0.8"), own("protobuf", "21.7")]);
    }

    #[test]
    fn only_the_module_s_own_version_is_rewritten() {
        let changed = with_version(MODULE, "1.2.3").unwrap();
        assert_eq!(changed, MODULE.replace("version = \"0.0.0\"", "version = \"1.2.3\""));
    }

    #[test]
    fn a_registry_holds_all_that_its_modules_need() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        let share = join(root, SHIPPED);
        fs::create_dir_all(share.join("embedded_tools")).unwrap();
        fs::create_dir_all(share.join("rules/demo")).unwrap();
        fs::create_dir_all(root.join("etc")).unwrap();
        let tools =
            "bazel_dep(name = \"rules_demo\", version = \"2.0\")\nbazel_dep(name = \"rules_java\", version = \"7\")\n";
        fs::write(share.join("embedded_tools/MODULE.bazel"), tools).unwrap();
        fs::write(share.join("rules/demo/MODULE.bazel"), MODULE).unwrap();

        write(root).unwrap();

        let modules = join(root, REGISTRY).join("modules");
        let demo = fs::read_to_string(modules.join("rules_demo/2.0/MODULE.bazel")).unwrap();
        assert!(demo.contains("version = \"2.0\""), "{demo}");
        let source = fs::read_to_string(modules.join("rules_demo/2.0/source.json")).unwrap();
        assert_eq!(source, "{\"type\": \"local_path\", \"path\": \"/usr/share/bazel/rules/demo\"}\n");
        assert!(modules.join("protobuf/21.7/source.json").exists());
        assert!(!modules.join("stardoc").exists());
        let java = fs::read_to_string(join(root, REGISTRY).join("stubs/rules_java/java/extensions.bzl")).unwrap();
        assert!(java.contains("\"remote_java_tools_linux\""), "{java}");
    }
}
