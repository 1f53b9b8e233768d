//! `import`

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, ValueEnum, ValueHint};
use imagelock_core::ImageName;
use imagelock_core::project::{self, NewImage};
use imagelock_core::source::SourceFile;
use imagelock_import::{Declaration, Imported, Left, Pin};
use imagelock_registry::Take;
use serde::Serialize;

use super::declare;
use super::lock::Outcome;
use crate::failure::{Failure, Kind};
use crate::host::{Format, Host};
use crate::input::{self, TREE_FILE_BYTES};
use crate::session::Session;

/// The most images that one run adds: no repository has as many, and each of them is asked for.
const MOST_IMAGES: usize = 10_000;

/// Take images over from another tool's lock or policy
///
/// Adds what the files ask for to images.toml and locks it. A digest that is in use stays: the tag beside it is followed,
/// and `update` moves it. What could not be carried over is told, each with its place. Nothing is written when one of the
/// images cannot be locked.
#[derive(Args, Debug)]
pub struct Import {
    /// Whose files they are
    #[arg(value_enum)]
    from: Tool,
    /// The files
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    files: Vec<Utf8PathBuf>,
    /// Lock what the tags point at now, instead of the digests in the files
    #[arg(long)]
    newest: bool,
    /// Print what would be added to images.toml, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Whose files they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Tool {
    /// docker-lock: `docker-lock.json`
    DockerLock,
    /// kbld and imgpkg: `kbld.lock.yml`, `.imgpkg/images.yml`
    Kbld,
    /// Renovate: `packageRules` about images
    Renovate,
    /// Flux: `ImageRepository` and `ImagePolicy`
    Flux,
    /// Dagger: `dagger.lock`
    Dagger,
    /// Docker Compose: images with their digests
    Compose,
}

impl Tool {
    fn format(self) -> imagelock_import::Format {
        use imagelock_import::Format;
        match self {
            Self::DockerLock => Format::DockerLock,
            Self::Kbld => Format::Kbld,
            Self::Renovate => Format::Renovate,
            Self::Flux => Format::Flux,
            Self::Dagger => Format::Dagger,
            Self::Compose => Format::Compose,
        }
    }
}

/// What `import` did, for programs.
#[derive(Serialize)]
struct Taken {
    #[serde(flatten)]
    outcome: Outcome,
    left: Vec<LeftBehind>,
}

/// What could not be carried over, for programs.
#[derive(Serialize)]
struct LeftBehind {
    file: Utf8PathBuf,
    line: usize,
    column: usize,
    message: String,
}

impl Import {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let (session, _held) = Session::start_for(host, !self.dry_run)?;
        let files = self.files.iter().map(|path| file(path, &session.root, &session.directory));
        let files: Vec<Arc<SourceFile>> = files.collect::<Result<_, _>>()?;
        let read = imagelock_import::read(self.from.format(), &files);
        let Imported { declarations, left } = read.map_err(|error| Failure::located(Kind::Input, &[error]))?;
        let (images, pins) = images(&session, declarations)?;
        if images.len() > MOST_IMAGES {
            let many = format!("{} new images are more than the {MOST_IMAGES} of one run", images.len());
            return Err(Failure::input(many).help("import the files one by one"));
        }
        for Left { text, at } in &left {
            host.shell.warn(&format!("{at}: not carried over: {text}"));
        }
        let left = left.into_iter().map(|Left { text, at }| LeftBehind {
            file: at.file.path().to_owned(),
            line: at.line(),
            column: at.column(),
            message: text,
        });
        let left: Vec<LeftBehind> = left.collect();
        let outcome = if images.is_empty() {
            host.shell.status("Fresh", "images.toml asks for all of them");
            Outcome { changes: Vec::new(), fresh: session.project.images.len(), written: false }
        } else if self.dry_run {
            let text = project::add_all("", &[], &images)?;
            if host.global.format == Format::Text {
                host.shell.result(&text);
            }
            host.shell.attention("Dry run", "images.toml and images.lock are unchanged");
            Outcome { changes: Vec::new(), fresh: session.project.images.len(), written: false }
        } else {
            let pin = |name: &ImageName| pins.get(name).filter(|_| !self.newest);
            declare::declare(session, &images, |name| pin(name).map(take).unwrap_or_default())?
        };
        if host.global.format == Format::Json {
            super::json(host, &Taken { outcome, left })?;
        }
        Ok(())
    }
}

/// The answer that is in use.
fn take(pin: &Pin) -> Take<'_> {
    Take::Named { tag: pin.tag.as_ref(), digest: Some(&pin.digest) }
}

/// Reads a file that must be there.
fn file(path: &Utf8Path, root: &Utf8Path, directory: &Utf8Path) -> Result<Arc<SourceFile>, Failure> {
    let file = input::source(&directory.join(path), root, directory, TREE_FILE_BYTES)?;
    file.ok_or_else(|| Failure::input(format!("there is no file `{path}`")))
}

/// The images that the project does not ask for yet, each with a name, and the answers that are in use.
fn images(
    session: &Session<'_>,
    declarations: Vec<Declaration>,
) -> Result<(Vec<NewImage>, BTreeMap<ImageName, Pin>), Failure> {
    let declared: BTreeSet<String> =
        session.project.images.values().map(|declared| declared.request.wanted.to_string()).collect();
    let new: Vec<Declaration> =
        declarations.into_iter().filter(|declaration| !declared.contains(&declaration.wanted.to_string())).collect();
    let names = declare::names(session, new.iter().map(|declaration| &declaration.wanted))?;
    let (mut images, mut pins) = (Vec::new(), BTreeMap::new());
    for (name, Declaration { wanted, pin, spelling, .. }) in names.into_iter().zip(new) {
        pins.extend(pin.map(|pin| (name.clone(), pin)));
        images.push(NewImage { name, wanted, platforms: Vec::new(), spelling });
    }
    Ok((images, pins))
}
