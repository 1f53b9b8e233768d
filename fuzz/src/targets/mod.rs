//! The targets by their names.

mod advisories;
mod contents;
mod core;
mod files;
mod inspect;
mod proof;
mod registry;
mod signature;

/// A function that reads bytes, and panics where what it promises does not hold.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The name, which is that of its folders of seeds and regressions too.
    pub name: &'static str,
    /// Reads bytes.
    pub body: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "reference", body: core::reference },
    Target { name: "digest", body: core::digest },
    Target { name: "project", body: core::project },
    Target { name: "edit", body: core::edit },
    Target { name: "lockfile", body: core::lockfile },
    Target { name: "seen", body: core::seen },
    Target { name: "version", body: core::version },
    Target { name: "files", body: files::files },
    Target { name: "manifests", body: files::manifests },
    Target { name: "markers", body: files::markers },
    Target { name: "values", body: files::values },
    Target { name: "hcl", body: files::hcl },
    Target { name: "compose", body: files::compose },
    Target { name: "earthfiles", body: files::earthfiles },
    Target { name: "dockerfiles", body: files::dockerfiles },
    Target { name: "bazel", body: files::bazel },
    Target { name: "quadlet", body: files::quadlet },
    Target { name: "shell", body: files::shell },
    Target { name: "templates", body: files::templates },
    Target { name: "plain", body: files::plain },
    Target { name: "imports", body: files::imports },
    Target { name: "statement", body: inspect::statement },
    Target { name: "running", body: proof::running },
    Target { name: "builds", body: proof::builds },
    Target { name: "signature", body: signature::signature },
    Target { name: "challenge", body: registry::challenge },
    Target { name: "link", body: registry::link },
    Target { name: "tags", body: registry::tags },
    Target { name: "token", body: registry::token },
    Target { name: "document", body: registry::document },
    Target { name: "config", body: registry::config },
    Target { name: "layers", body: contents::layers },
    Target { name: "apk", body: contents::apk },
    Target { name: "dpkg", body: contents::dpkg },
    Target { name: "rpm", body: contents::rpm },
    Target { name: "executables", body: contents::executables },
    Target { name: "metadata", body: contents::metadata },
    Target { name: "orders", body: contents::orders },
    Target { name: "advisories", body: advisories::advisories },
    Target { name: "endoflife", body: advisories::endoflife },
];

/// Returns the target of a name.
pub fn target(name: &str) -> Option<Target> {
    TARGETS.iter().find(|target| target.name == name).copied()
}
