//! `post-render`

use std::io::Read;

use clap::Args;
use imagelock_adapter::{Context, Templates};
use imagelock_core::source::{Location, SourceFile};
use imagelock_edit::Edited;
use imagelock_kubernetes::{MOST_BYTES, ManifestPath};

use super::registries::Registries;
use crate::failure::{Failure, Kind, Problem};
use crate::host::Host;
use crate::session::Session;
use crate::shell::printable;
use crate::tree::DiskTree;

/// Pin the images in Kubernetes manifests: what Helm rendered on standard input, pinned on standard output
///
/// For charts with no value for a digest. Helm 3 takes this as `--post-renderer`, Helm 4 through a plugin. Only the
/// bytes of references change. What is kept as it is, and a tag that changes, is told on standard error. On an error
/// nothing is written.
#[derive(Args, Debug)]
pub struct PostRender {
    /// Fail on images that the lock does not have
    #[arg(long)]
    strict: bool,
    /// A further place of images, as in `Prometheus:spec.baseImage`; may be repeated
    #[arg(long = "path", value_name = "[KIND:]PATH")]
    paths: Vec<ManifestPath>,
    #[command(flatten)]
    registries: Registries,
}

impl PostRender {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let session = Session::open(host)?;
        let lock = session.lockfile()?;
        let manifests = read(std::io::stdin().lock())?;
        let tree = DiskTree::new(&session.root)?;
        let templates = Templates::default();
        let rewrites = self.registries.rewrites(&session.project);
        let built = &session.project.built;
        let context = Context { lock: &lock, tree: &tree, templates: &templates, rewrites: &rewrites, built };
        let manifests = SourceFile::new("standard input", manifests);
        let Edited { text, uses, kept } = imagelock_kubernetes::post_render(&manifests, &context, &self.paths)
            .map_err(|error| Failure::new(Kind::Input, Problem::of(&error)))?;
        if self.strict && !kept.is_empty() {
            return Err(unpinned(kept.iter().map(|left| format!("{}: {}", left.at, left.reason))));
        }
        super::render::moved(&host.shell, &uses, "standard input");
        for left in &kept {
            host.shell.warn(&format!("{}: {}", left.at, printable(&left.reason)));
        }
        host.shell.content(text.as_bytes());
        Ok(())
    }
}

/// Reads a stream of manifests, and no more of it than is looked into.
fn read(stream: impl Read) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    stream.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MOST_BYTES {
        let problem = Problem::new(format!("the manifests on standard input have more than {MOST_BYTES} bytes"));
        return Err(Failure::new(Kind::Input, problem.help("pin them in parts")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
        let file = SourceFile::new("standard input", before);
        let at = Location::new(&file, file.text().len()..file.text().len());
        Failure::input(format!("{at}: the manifests are not UTF-8"))
    })
}

/// The failure of manifests with images that are not pinned.
pub(super) fn unpinned(findings: impl Iterator<Item = String>) -> Failure {
    let lines: Vec<String> = findings.map(|finding| format!("  {}", printable(&finding))).collect();
    let noun = if lines.len() == 1 { "image is" } else { "images are" };
    let problem = Problem { lines, ..Problem::new("") };
    let problem = Problem { message: format!("{} {noun} not pinned by images.lock", problem.lines.len()), ..problem };
    Failure::new(Kind::Check, problem.help("declare what Kubernetes runs: `{command} add REFERENCE`"))
}
