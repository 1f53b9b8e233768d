//! `post-render`

use std::io::Read;

use clap::Args;
use imagelock_adapter::{Context, Rewrites, Templates};
use imagelock_core::Host as RegistryHost;
use imagelock_core::project::Mirror;
use imagelock_kubernetes::{MOST_BYTES, ManifestError, ManifestPath, PostRender as Options};

use super::render::rewrite;
use crate::failure::{Failure, Kind, Problem};
use crate::host::Host;
use crate::session::Session;
use crate::tree::DiskTree;

/// Pin the images in Kubernetes manifests: what Helm rendered on standard input, pinned on standard output
///
/// For charts with no value for a digest. Helm 3 takes this as `--post-renderer`, Helm 4 through a plugin. Only the
/// bytes of references change. On an error nothing is written.
#[derive(Args, Debug)]
pub struct PostRender {
    /// Fail on images that the lock does not have
    #[arg(long)]
    strict: bool,
    /// A further place of images, as in `Prometheus:spec.baseImage`; may be repeated
    #[arg(long = "path", value_name = "[KIND:]PATH")]
    paths: Vec<ManifestPath>,
    /// Write another registry in a registry's place, as in `docker.io=registry.example.com/hub`
    #[arg(long = "registry", value_name = "HOST=HOST/PATH", value_parser = rewrite)]
    registries: Vec<(RegistryHost, Mirror)>,
}

impl PostRender {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let session = Session::open(host)?;
        let lock = session.lockfile()?;
        let manifests = read(std::io::stdin().lock())?;
        let tree = DiskTree::new(&session.root)?;
        let templates = Templates::new(&std::collections::BTreeMap::new());
        let templates = templates.map_err(|error| Failure::input(error.to_string()))?;
        let mut rewrites = Rewrites::of(&session.project);
        for (from, to) in self.registries {
            rewrites.insert(from, to);
        }
        let context = Context { lock: &lock, tree: &tree, templates: &templates, rewrites: &rewrites };
        let images = context.images(None).map_err(|error| Failure::new(Kind::Input, Problem::of(&error)))?;
        let options = Options { strict: self.strict, paths: self.paths };
        let rendered =
            imagelock_kubernetes::post_render(&manifests, &images, &options).map_err(|error| failure(&error))?;
        host.shell.result(&rendered.text);
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
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].split(|byte| *byte == b'\n').count();
        Failure::input(format!("line {line} of the manifests on standard input is not UTF-8, at byte {at}"))
    })
}

/// Why manifests were not pinned.
pub(super) fn failure(error: &ManifestError) -> Failure {
    match error {
        ManifestError::NotYaml { .. } | ManifestError::NotReadBack { .. } => Failure::input(error.to_string()),
        ManifestError::Unknown(findings) => {
            let count = findings.len();
            let noun = if count == 1 { "image is" } else { "images are" };
            let mut problem = Problem::new(format!("{count} {noun} not in images.lock"));
            problem.lines = findings.iter().map(|finding| format!("  {finding}")).collect();
            Failure::new(Kind::Check, problem.help("declare what Kubernetes runs: `{command} add REFERENCE`"))
        }
    }
}
