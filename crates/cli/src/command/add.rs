//! `add`

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, ValueHint};
use imagelock_core::policy::{self, Rule};
use imagelock_core::project::NewImage;
use imagelock_core::request::Wanted;
use imagelock_core::source::{Label, SourceFile};
use imagelock_core::{ImageName, Platform, Reference, Tag};
use imagelock_registry::Take;

use super::{declare, listed};
use crate::failure::{Failure, Kind, Problem};
use crate::host::{Format, Host};
use crate::session::Session;

/// Add images to images.toml and lock them
///
/// Starts an images.toml at the top of the repository where there is none. Nothing is written when one of the images
/// cannot be locked. An image is called by the last part of its repository, with the tag where a repository has several,
/// and with the owner where two repositories end alike.
#[derive(Args, Debug)]
pub struct Add {
    /// The images, as in `redis:8` or `ghcr.io/acme/web`
    #[arg(value_name = "REFERENCE", required_unless_present = "layout", conflicts_with = "layout")]
    references: Vec<String>,
    /// The name of the one image in images.toml
    #[arg(long)]
    name: Option<ImageName>,
    /// Take the best tag that satisfies this requirement, as in `16` or `>=1.2, <2`
    #[arg(id = "requirement", long = "version", value_name = "REQ", conflicts_with = "layout")]
    version: Option<String>,
    /// Only these tags compete: a regular expression with a group `version` or `order`
    #[arg(long, value_name = "REGEX", conflicts_with = "layout")]
    tags: Option<String>,
    /// How competing tags are ordered
    #[arg(long, value_name = "ORDER", value_parser = imagelock_core::policy::Select::NAMES, conflicts_with = "layout")]
    select: Option<String>,
    /// Take the newest of what the tag stands for instead of the tag: `postgres:16-alpine` becomes the rule of the newest
    /// 16 on Alpine, which is shown
    #[arg(long, conflicts_with_all = ["layout", "requirement", "tags", "select"])]
    policy: bool,
    /// A platform to lock, as in `linux/arm64`; may be repeated
    #[arg(long = "platform", value_name = "PLATFORM")]
    platforms: Vec<Platform>,
    /// Take the image from an OCI layout directory
    #[arg(long, value_name = "DIRECTORY", value_hint = ValueHint::DirPath)]
    layout: Option<Utf8PathBuf>,
    /// The image in the layout, where it holds several
    #[arg(long, value_name = "TAG", requires = "layout")]
    layout_tag: Option<Tag>,
}

impl Add {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        let (session, _held) = Session::start_for(host, true)?;
        let images = self.images(&session)?;
        let outcome = declare::declare(session, &images, |_| Take::Newest)?;
        if host.global.format == Format::Json { super::json(host, &outcome) } else { Ok(()) }
    }

    fn images(&self, session: &Session<'_>) -> Result<Vec<NewImage>, Failure> {
        if let Some(layout) = &self.layout {
            return Ok(vec![self.layout(session, layout)?]);
        }
        self.only_one()?;
        let mut wanted: Vec<(Wanted, String)> = Vec::new();
        for text in &self.references {
            let reference = parse(text)?;
            let (asked, spelling) =
                if self.policy { meant(session, text, reference)? } else { self.registry(reference)? };
            // Whoever pastes a list has some of them twice.
            if !wanted.iter().any(|(other, _)| *other == asked) {
                wanted.push((asked, spelling));
            }
        }
        let names = match &self.name {
            Some(name) => vec![name.clone()],
            None => declare::names(session, wanted.iter().map(|(wanted, _)| wanted))?,
        };
        let platforms = || self.platforms.clone();
        let images = names.into_iter().zip(wanted);
        let images: Vec<NewImage> = images
            .map(|(name, (wanted, spelling))| NewImage { name, wanted, platforms: platforms(), spelling })
            .collect();
        images.iter().try_for_each(|image| declare::refuse_twice(session, &image.name))?;
        Ok(images)
    }

    /// Refuses what is said of one image where several are named.
    fn only_one(&self) -> Result<(), Failure> {
        let options = [
            ("--name", self.name.is_some()),
            ("--version", self.version.is_some()),
            ("--tags", self.tags.is_some()),
            ("--select", self.select.is_some()),
        ];
        match options.iter().find(|(_, said)| *said) {
            Some((option, _)) if self.references.len() > 1 => {
                let failure =
                    Failure::input(format!("`{option}` is for one image, and here are {}", self.references.len()));
                Err(failure.help("add that image by itself"))
            }
            _ => Ok(()),
        }
    }

    fn layout(&self, session: &Session<'_>, layout: &Utf8Path) -> Result<NewImage, Failure> {
        let absolute = session.directory.join(layout);
        let inside = absolute.strip_prefix(&session.root).map_err(|_| {
            Failure::input(format!("the layout `{layout}` is not inside the repository `{}`", session.root))
        })?;
        let path: Utf8PathBuf = inside.components().collect();
        let suggested = path.file_name().unwrap_or_default();
        let name = match &self.name {
            Some(name) => name.clone(),
            None => ImageName::nearest(suggested).ok_or_else(|| {
                Failure::input(format!("`{suggested}` is no name for an image")).help("choose one: `--name NAME`")
            })?,
        };
        declare::refuse_twice(session, &name)?;
        let wanted = Wanted::Layout { path: path.clone(), tag: self.layout_tag.clone() };
        Ok(NewImage { name, wanted, platforms: self.platforms.clone(), spelling: path.into_string() })
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

/// The rule that a reference means, which is shown, and the text that the project file gets.
fn meant(session: &Session<'_>, text: &str, reference: Reference) -> Result<(Wanted, String), Failure> {
    let Reference { repository, tag, digest } = reference;
    let refused =
        |message: String| Err(Failure::input(message).help("leave out `--policy`, or write a rule: `--version REQ`"));
    if digest.is_some() {
        return refused(format!("`{text}` is a digest, and no rule chooses one"));
    }
    let tag = tag.unwrap_or_else(Tag::latest);
    let name = ImageName::nearest(repository.last_component())
        .ok_or_else(|| Failure::input(format!("`{}` is no name for an image", repository.last_component())))?;
    let list = listed::tags(session, &name, &repository, "nothing was added")?;
    match policy::meant(&tag, &list.tags) {
        Ok(rule) => {
            session.host.shell.doing("Meaning", &format!("{text}: {rule}"));
            let spelling = repository.to_string();
            Ok((Wanted::Version { repository, rule }, spelling))
        }
        Err(error) => refused(error.to_string()),
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
