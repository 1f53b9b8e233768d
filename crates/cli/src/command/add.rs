//! `add`

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use imagelock_core::project::{self, NewImage, Source};
use imagelock_core::request::Wanted;
use imagelock_core::source::{Label, SourceFile};
use imagelock_core::version::Rule;
use imagelock_core::{ImageName, Platform, Reference, Tag, plan};
use imagelock_files::Writer;

use super::lock::{self, Outcome};
use crate::discover::{self, Found};
use crate::failure::{Failure, Kind, Problem};
use crate::host::{Format, Host};
use crate::input::{self, PROJECT_BYTES};
use crate::report;
use crate::session::{self, Session};
use crate::write;

/// Add an image to images.toml and lock it
///
/// Starts an images.toml at the top of the repository where there is none. Nothing is written when the image cannot
/// be locked.
#[derive(Args, Debug)]
pub struct Add {
    /// The image, as in `redis:8` or `ghcr.io/acme/web`
    #[arg(required_unless_present = "layout", conflicts_with = "layout")]
    reference: Option<String>,
    /// Its name in images.toml; the last part of the repository otherwise
    #[arg(long)]
    name: Option<ImageName>,
    /// Take the best tag that satisfies this requirement, as in `16` or `>=1.2, <2`
    #[arg(id = "requirement", long = "version", value_name = "REQ", conflicts_with = "layout")]
    version: Option<String>,
    /// Only these tags compete: a regular expression with a group `version` or `order`
    #[arg(long, value_name = "REGEX", conflicts_with = "layout")]
    tags: Option<String>,
    /// How competing tags are ordered
    #[arg(long, value_name = "ORDER", value_parser = imagelock_core::version::Select::NAMES, conflicts_with = "layout")]
    select: Option<String>,
    /// A platform to lock, as in `linux/arm64`; may be repeated
    #[arg(long = "platform", value_name = "PLATFORM")]
    platforms: Vec<Platform>,
    /// Take the image from an OCI layout directory
    #[arg(long, value_name = "DIRECTORY")]
    layout: Option<Utf8PathBuf>,
    /// The image in the layout, where it holds several
    #[arg(long, value_name = "TAG", requires = "layout")]
    layout_tag: Option<Tag>,
}

impl Add {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let directory = session::directory(host)?;
        let found = match discover::find(&directory, host.global.project.as_deref())? {
            Some(found) => found,
            None => start(&directory),
        };
        let _held = write::lock(&found.root, &host.shell)?;
        let image = self.image(&found, &directory)?;
        let (path, prefix) = file_to_edit(&found);
        let old_text = text_to_edit(&found, &path, &directory)?.unwrap_or_default();
        refuse_twice(host, &directory, &found, &image.name)?;
        let text = project::add(&old_text, prefix, &image)?;
        let session = Session::of(host, directory.clone(), replaced(found, &path, &directory, &text))?;

        let shown = session.show(&path);
        let written = match session.project.images.get(&image.name).map(|declared| declared.value_at.file.text()) {
            Some(text) if text.contains(&format!("{} = \"{}\"", image.name, image.spelling)) => {
                format!("{} = \"{}\"", image.name, image.spelling)
            }
            _ => image.name.to_string(),
        };
        host.shell.doing("Adding", &format!("{written} to {shown}"));
        let old = session.lockfile()?;
        let plan = plan::lock(&session.project, &old);
        let new = lock::resolve(&session, &plan, &old, "Locking")?;
        // First the project file: a run that is killed here leaves a request that is not answered, which `lock --locked`
        // tells and `lock` mends. The other way round, `lock` would drop the answer to a request that nobody made.
        session.write(&path, text.as_bytes())?;
        let written = lock::finish(&session, &old, &new)?;
        if host.global.format == Format::Json {
            let changes = report::changes(&old, &new);
            super::json(host, &Outcome { changes, fresh: plan.fresh, written })?;
        }
        Ok(())
    }

    fn image(&self, found: &Found, directory: &Utf8Path) -> Result<NewImage, Failure> {
        let (wanted, spelling, suggested) = match (&self.layout, &self.reference) {
            (Some(layout), _) => {
                let absolute = directory.join(layout);
                let inside = absolute.strip_prefix(&found.root).map_err(|_| {
                    Failure::input(format!("the layout `{layout}` is not inside the repository `{}`", found.root))
                })?;
                let path: Utf8PathBuf = inside.components().collect();
                let suggested = path.file_name().unwrap_or_default().to_owned();
                (Wanted::Layout { path: path.clone(), tag: self.layout_tag.clone() }, path.into_string(), suggested)
            }
            (None, Some(text)) => {
                let reference = parse(text)?;
                let suggested = reference.repository.last_component().to_owned();
                let (wanted, spelling) = self.registry(reference)?;
                (wanted, spelling, suggested)
            }
            (None, None) => return Err(Failure::input("name an image, or a layout")),
        };
        let name = match &self.name {
            Some(name) => name.clone(),
            None => ImageName::nearest(&suggested).ok_or_else(|| {
                Failure::input(format!("`{suggested}` is no name for an image")).help("choose one: `--name NAME`")
            })?,
        };
        Ok(NewImage { name, wanted, platforms: self.platforms.clone(), spelling })
    }

    /// What a reference with the options beside it asks for, and the text that the project file gets.
    fn registry(&self, reference: Reference) -> Result<(Wanted, String), Failure> {
        let Reference { repository, tag, digest } = reference;
        let ruled = self.version.is_some() || self.tags.is_some() || self.select.is_some();
        if ruled {
            if tag.is_some() || digest.is_some() {
                let message = "a version rule picks the tag itself: leave out the tag and the digest";
                return Err(Failure::input(message));
            }
            let rule = Rule::new(self.version.as_deref(), self.tags.as_deref(), self.select.as_deref());
            let rule = rule.map_err(|error| Failure::input(error.to_string()))?;
            let spelling = repository.to_string();
            return Ok((Wanted::Version { repository, rule }, spelling));
        }
        let alone = self.platforms.is_empty();
        let spelling =
            |reference: &Reference| if alone { reference.to_string() } else { reference.repository.to_string() };
        match digest {
            Some(digest) => {
                let text = spelling(&repository.with(tag.clone(), Some(digest.clone())));
                Ok((Wanted::Digest { repository, tag, digest }, text))
            }
            None => {
                let tag = tag.unwrap_or_else(Tag::latest);
                let text = spelling(&repository.with(Some(tag.clone()), None));
                Ok((Wanted::Tag { repository, tag }, text))
            }
        }
    }
}

/// Parses what was typed; the wrong part of it is underlined.
fn parse(text: &str) -> Result<Reference, Failure> {
    text.parse().map_err(|error: imagelock_core::reference::ReferenceError| {
        let file = SourceFile::new("the command line", text);
        let at = imagelock_core::source::Location::new(&file, error.at.clone());
        Failure::new(Kind::Input, Problem::new(error.to_string()).label(Label::primary(&at, "")))
    })
}

/// A new project at the top of the repository that `directory` belongs to, or right here.
fn start(directory: &Utf8Path) -> Found {
    let top = directory.ancestors().find(|ancestor| ancestor.join(".git").exists());
    let root = top.unwrap_or(directory).to_owned();
    let path = discover::display(&root.join(project::FILE_NAME), directory);
    Found { root, sources: vec![Source::ImagesToml(SourceFile::new(path, ""))] }
}

/// What is in the file that declarations are added to, if it is there. It is written again, and so must be the
/// repository's own.
pub(super) fn text_to_edit(found: &Found, path: &Utf8Path, directory: &Utf8Path) -> Result<Option<String>, Failure> {
    let shown = || discover::display(path, directory);
    let file = input::source(path, &found.root, directory, PROJECT_BYTES)?;
    if file.is_some() {
        Writer::new(&found.root).destination(path).map_err(|error| error.shown(shown()))?;
    }
    Ok(file.map(|file| file.text().to_owned()))
}

/// The file that declarations are added to, and the tables around `images` in it.
pub(super) fn file_to_edit(found: &Found) -> (Utf8PathBuf, &'static [&'static str]) {
    match &found.sources[0] {
        Source::ImagesToml(file) => (found.root.join(file.path().file_name().unwrap_or(project::FILE_NAME)), &[]),
        Source::WorkspaceManifest(_) | Source::PackageManifest(_) => {
            (found.root.join("Cargo.toml"), &["workspace", "metadata", "images"])
        }
    }
}

/// The sources with another text in the file that is edited.
pub(super) fn replaced(found: Found, path: &Utf8Path, directory: &Utf8Path, text: &str) -> Found {
    let file = SourceFile::new(discover::display(path, directory), text);
    let mut sources = found.sources;
    sources[0] = match &sources[0] {
        Source::ImagesToml(_) => Source::ImagesToml(file),
        Source::WorkspaceManifest(_) | Source::PackageManifest(_) => Source::WorkspaceManifest(file),
    };
    Found { root: found.root, sources }
}

fn refuse_twice(host: &Host, directory: &Utf8Path, found: &Found, name: &ImageName) -> Result<(), Failure> {
    let found = Found { root: found.root.clone(), sources: found.sources.clone() };
    let session = Session::of(host, directory.to_owned(), found)?;
    let Some(declared) = session.project.images.get(name) else { return Ok(()) };
    let problem = Problem::new(format!("there is already an image `{name}`"))
        .label(Label::primary(&declared.at, "here"))
        .help("give the new one another name: `--name NAME`");
    Err(Failure::new(Kind::Input, problem))
}
