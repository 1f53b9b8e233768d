//! The guide shows the examples as they are, so that what people copy is what the tests build.

const GUIDE: &str = include_str!("../../../docs/bazel.md");

const SHOWN: [(&str, &str); 7] = [
    ("workspace/WORKSPACE", include_str!("../example/workspace/WORKSPACE")),
    ("rules_oci/MODULE.bazel", include_str!("../example/rules_oci/MODULE.bazel")),
    ("rules_oci/oci_images.bzl", include_str!("../example/rules_oci/oci_images.bzl")),
    ("rules_oci/BUILD.bazel", include_str!("../example/rules_oci/BUILD.bazel")),
    ("rules_img/MODULE.bazel", include_str!("../example/rules_img/MODULE.bazel")),
    ("rules_img/img_images.bzl", include_str!("../example/rules_img/img_images.bzl")),
    ("rules_img/BUILD.bazel", include_str!("../example/rules_img/BUILD.bazel")),
];

#[test]
fn the_guide_shows_the_examples_as_they_are() {
    for (path, text) in SHOWN {
        assert!(GUIDE.contains(&format!("\n{}\n```", text.trim_end())), "docs/bazel.md does not show {path} as it is");
    }
}

#[test]
fn the_guide_and_the_readme_show_the_same_set_up() {
    let bzlmod = include_str!("../example/bzlmod/MODULE.bazel");
    let readme = include_str!("../README.md");
    let lines = bzlmod.lines().filter(|line| line.contains("images") || line.contains("bazel_dep"));
    for line in lines.filter(|line| !line.starts_with("module(")) {
        assert!(readme.contains(line), "README.md lacks `{line}`");
        assert!(GUIDE.contains(line), "docs/bazel.md lacks `{line}`");
    }
}
