//! `--registry`: registries that are written in others' place.

use clap::Args;
use imagelock_adapter::Rewrites;
use imagelock_core::project::{Mirror, MirrorError};
use imagelock_core::reference::ReferenceError;
use imagelock_core::{Host, Project};

// What the command line adds to the rewrites of the project file. A doc comment would become the help of the command.
#[derive(Args, Clone, Debug)]
pub(super) struct Registries {
    /// Write another registry in a registry's place, as in `docker.io=registry.example.com/hub`
    #[arg(long = "registry", value_name = "HOST=HOST/PATH", value_parser = rewrite)]
    registries: Vec<(Host, Mirror)>,
}

impl Registries {
    /// The rewrites of the project file and of the command line, which counts first.
    pub(super) fn rewrites(&self, project: &Project) -> Rewrites {
        let mut rewrites = Rewrites::of(project);
        for (from, to) in &self.registries {
            rewrites.insert(from.clone(), to.clone());
        }
        rewrites
    }
}

fn rewrite(text: &str) -> Result<(Host, Mirror), String> {
    let (from, to) = text.split_once('=').ok_or("write `docker.io=registry.example.com/hub`")?;
    let from = from.parse().map_err(|error: ReferenceError| error.to_string())?;
    Ok((from, to.parse().map_err(|error: MirrorError| error.to_string())?))
}
