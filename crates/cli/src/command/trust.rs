//! `trust`

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use imagelock_core::Digest;
use imagelock_core::update::Day;

use super::advisories;
use super::declare::{file_to_edit, replaced, text_to_edit};
use crate::discover::Found;
use crate::failure::Failure;
use crate::host::Host;
use crate::session::Session;
use crate::snapshots::Table;
use crate::{trust, write};

/// Keep the trust roots that images.toml names: who may vouch for identities, and which logs count
#[derive(Args, Debug)]
pub struct Trust {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Add a trust root that this version of imagelock was released with, without a network
    ///
    /// It writes `trust/NAME.json` and names it, with its hash, in images.toml. `public-good` is Sigstore's own, for whatever was
    /// signed by people and workflows with no key of their own; `github` is for attestations of GitHub's private repositories.
    Add {
        /// The trust root
        #[arg(value_parser = PossibleValuesParser::new(["public-good", "github"]))]
        name: String,
    },
    /// Fetch the trust roots that have a `url`, tell what changed, and pin them
    ///
    /// All are fetched and read before anything is written. What has not changed stays as it is, its day too.
    Update {
        /// The entries of `[roots]` to fetch; all that have a `url` where none is named
        names: Vec<String>,
    },
}

impl Trust {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        match self.what {
            What::Add { name } => add(host, &name),
            What::Update { names } => advisories::update(host, &[Table::Roots], &names),
        }
    }
}

fn add(host: &Host, name: &str) -> Result<(), Failure> {
    let (session, _held) = Session::open_for(host, true)?;
    if session.project.roots.contains_key(name) {
        let file = session.project_file();
        return Err(Failure::input(format!("there is a trust root `{name}` in {file} already")));
    }
    let root = trust::known_root(name)
        .ok_or_else(|| Failure::input("this imagelock was built without the feature `signatures`"))?;
    let file = format!("trust/{name}.json");
    let path = session.root.join(&file);
    if path.symlink_metadata().is_ok() || write::reserved(file.as_str().into()).is_some() {
        return Err(Failure::input(format!("`{}` is there already", session.show(&path))));
    }
    let (directory, sources) = (session.directory.clone(), session.sources.clone());
    let found = Found { root: session.root.clone(), sources };
    let (edited, prefix) = file_to_edit(&found);
    let text = text_to_edit(&found, &edited, &directory)?.unwrap_or_default();
    let hash = Digest::sha256(root.as_bytes());
    let day = Day::of(&host.now()).map(|day| format!("date = \"{day}\"\n")).unwrap_or_default();
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    let table = prefix.iter().copied().chain(["roots", name]).collect::<Vec<_>>().join(".");
    let text = format!("{text}{end}\n[{table}]\nfile = \"{file}\"\nsha256 = \"{}\"\n{day}", hash.hex());
    // A table that does not fit behind what is there is an error of the text, and nothing is written.
    let session = Session::of(host, directory.clone(), replaced(found, &edited, &directory, &text))?;
    for (path, bytes) in [(&path, root.as_bytes()), (&edited, text.as_bytes())] {
        if session.write(path, bytes)? {
            host.shell.status("Wrote", session.show(path).as_str());
        }
    }
    Ok(())
}
