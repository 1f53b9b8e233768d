//! Files of people that adapters read and edit: no bytes stop an adapter, and what it has pinned once it leaves alone.

use imagelock_adapter::{Adapter, MemoryTree, Output, Ownership};
use imagelock_all_files::AllFiles;
use imagelock_compose::Compose;
use imagelock_core::Lockfile;
use imagelock_core::project::{self, NewImage};
use imagelock_core::source::SourceFile;
use imagelock_dockerfile::Dockerfile;
use imagelock_earthly::Earthly;
use imagelock_edit::testing::{lock, render};
use imagelock_helm::Helm;
use imagelock_import::{Declaration, Format, Imported, Left};
use imagelock_kubernetes::{Kubernetes, post_render, unpinned};
use imagelock_marker::Markers;
use imagelock_scan::FORMATS;
use imagelock_terraform::Terraform;

fn locked() -> Lockfile {
    lock(&[("web", "ghcr.io/acme/web:1.10", 'a'), ("db", "postgres:16.9", 'b')])
}

/// Renders into the file, and into the result again.
fn twice(adapter: &dyn Adapter, table: &str, path: &str, tree: &MemoryTree) {
    let project = format!("[[{}]]\n{table}\n", adapter.id());
    let Ok(outputs) = render(adapter, &project, &locked(), tree) else { return };
    let is_written = |output: &Output| output.path == path && output.ownership != Ownership::Told;
    let Some(first) = outputs.into_iter().find(is_written) else { return };
    let tree = tree.clone().file(path, first.content.clone());
    match render(adapter, &project, &locked(), &tree) {
        Ok(again) => {
            let again = again.into_iter().find(|output| output.path == path).map(|output| output.content);
            assert_eq!(
                again.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
                Some(String::from_utf8_lossy(&first.content).into_owned())
            );
        }
        Err(error) => panic!("{error}\n{}", String::from_utf8_lossy(&first.content)),
    }
}

/// A file in every format: places are in their order, apart, and hold what they say.
pub(crate) fn files(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for format in FORMATS {
        let Ok(parsed) = format.read(text) else { continue };
        for pair in parsed.sites.windows(2) {
            assert!(pair[0].span().end <= pair[1].span().start, "{}: {pair:?}", format.id());
        }
        for site in &parsed.sites {
            let before = text.get(site.span().clone()).unwrap_or_else(|| panic!("{}: {site:?}", format.id()));
            drop(format.quote(before, "ghcr.io/acme/web:1.10"));
        }
        for comment in &parsed.comments {
            assert!(text.get(comment.span.clone()).and(text.get(comment.said.clone())).is_some(), "{}", format.id());
        }
    }
}

/// What `import` takes over, in every format: every place is in the text, and what is declared can be written.
pub(crate) fn imports(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let file = SourceFile::new("a", text);
    for format in [Format::DockerLock, Format::Kbld, Format::Renovate, Format::Flux, Format::Dagger, Format::Compose] {
        match imagelock_import::read(format, std::slice::from_ref(&file)) {
            Ok(Imported { declarations, left }) => {
                for Declaration { wanted, spelling, at, .. } in declarations {
                    assert!(text.get(at.span.clone()).is_some(), "{format:?}: {at}");
                    let Ok(name) = "a".parse() else { continue };
                    let image = NewImage { name, wanted, platforms: Vec::new(), spelling };
                    let added = project::add("", &[], &image);
                    assert!(added.is_ok(), "{format:?}: {image:?}: {added:?}");
                }
                for Left { at, .. } in left {
                    assert!(text.get(at.span.clone()).is_some(), "{format:?}: {at}");
                }
            }
            Err(error) => assert!(text.get(error.at.span.clone()).is_some(), "{format:?}: {error}"),
        }
    }
}

/// Kubernetes manifests, in place and on their way.
pub(crate) fn manifests(data: &[u8]) {
    twice(&Kubernetes, "edit = 'a.yaml'", "a.yaml", &MemoryTree::default().file("a.yaml", data));
    let Ok(text) = std::str::from_utf8(data) else { return };
    let lock = locked();
    imagelock_edit::testing::with_context(&lock, |context| {
        if let Ok(rendered) = post_render(&SourceFile::new("a.yaml", text), context, &[]) {
            assert!(unpinned(&rendered.text, context, &[]).is_ok(), "{}", rendered.text);
        }
    });
}

/// Any text with markers.
pub(crate) fn markers(data: &[u8]) {
    for path in ["a.sh", "a.yaml"] {
        twice(&Markers, &format!("edit = '{path}'"), path, &MemoryTree::default().file(path, data));
    }
}

/// A chart's values, in place.
pub(crate) fn values(data: &[u8]) {
    let tree = MemoryTree::default()
        .file("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n")
        .file("web/values.yaml", data);
    twice(&Helm, "chart = 'web'\nin-place = true\nvalues = { image = 'db' }", "web/values.yaml", &tree);
    drop(render(&Helm, "[[helm]]\nchart = 'web'\noutput = 'o.yaml'\nvalues = { image = 'db' }\n", &locked(), &tree));
}

/// Terraform's configuration, in place.
pub(crate) fn hcl(data: &[u8]) {
    twice(&Terraform, "edit = 'a.tf'", "a.tf", &MemoryTree::default().file("a.tf", data));
}

/// A Compose file, which is only read.
pub(crate) fn compose(data: &[u8]) {
    let tree = MemoryTree::default().file("compose.yaml", data);
    drop(render(&Compose, "[[compose]]\nfile = 'compose.yaml'\noutput = 'c.yaml'\n", &locked(), &tree));
}

/// An Earthfile, in place.
pub(crate) fn earthfiles(data: &[u8]) {
    twice(&Earthly, "edit = ['Earthfile']", "Earthfile", &MemoryTree::default().file("Earthfile", data));
}

/// A Dockerfile, in place.
pub(crate) fn dockerfiles(data: &[u8]) {
    twice(&Dockerfile, "edit = ['Dockerfile']", "Dockerfile", &MemoryTree::default().file("Dockerfile", data));
}

/// A file in the format that its path tells, in place.
fn pinned(path: &str, data: &[u8]) {
    twice(&AllFiles, &format!("edit = '{path}'"), path, &MemoryTree::default().file(path, data));
}

/// Bazel's modules.
pub(crate) fn bazel(data: &[u8]) {
    pinned("MODULE.bazel", data);
}

/// Units of Podman.
pub(crate) fn quadlet(data: &[u8]) {
    pinned("web.container", data);
}

/// Scripts.
pub(crate) fn shell(data: &[u8]) {
    pinned("a.sh", data);
}

/// Templates of a chart.
pub(crate) fn templates(data: &[u8]) {
    pinned("web/templates/a.yaml", data);
}

/// Text of no language.
pub(crate) fn plain(data: &[u8]) {
    pinned("a.txt", data);
}
