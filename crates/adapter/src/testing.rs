//! What tests of adapters share: a lock in one line, and a target rendered in memory.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a test that cannot be set up fails")]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use imagelock_core::project::{Built, Source};
use imagelock_core::source::{Located, SourceFile};
use imagelock_core::{Base, Digest, LockedImage, Lockfile, Origin, Project, Reference, Request, Tag, Wanted};

use crate::{Adapter, Context, MemoryTree, Output, Rewrites, Templates};

/// The embedded templates. Reading them takes longer than what most tests do with them.
static TEMPLATES: LazyLock<Templates> = LazyLock::new(Templates::default);

/// A digest of one digit.
pub fn digest(digit: char) -> Digest {
    format!("sha256:{}", digit.to_string().repeat(64)).parse().unwrap()
}

/// A lock of images: name, reference, and the digit of the digest.
pub fn lock(images: &[(&str, &str, char)]) -> Lockfile {
    let images = images.iter().map(|(name, reference, digit)| {
        let Reference { repository, tag, .. } = reference.parse().unwrap();
        let wanted = Wanted::Tag { repository: repository.clone(), tag: tag.clone().unwrap_or_else(Tag::latest) };
        let image = LockedImage {
            request: Request { wanted, platforms: None },
            origin: Origin::Registry(repository),
            tag,
            digest: digest(*digit),
            media_type: "application/vnd.oci.image.index.v1+json".to_owned(),
            size: 1,
            platforms: BTreeMap::new(),
            created: Some("2026-11-12T08:31:02Z".parse().unwrap()),
            version: None,
            revision: None,
            source: None,
            base: Base::default(),
            signatures: Vec::new(),
        };
        (name.parse().unwrap(), image)
    });
    Lockfile { images: images.collect(), ..Lockfile::default() }
}

/// The lock with an image that a rule chose.
pub fn rule(mut lock: Lockfile, name: &str, version: Option<&str>, tags: Option<&str>) -> Lockfile {
    let image = lock.images.get_mut(name).unwrap();
    let repository = image.repository().unwrap().clone();
    let rule = imagelock_core::policy::Rule::new(version, tags, None).unwrap();
    image.request.wanted = Wanted::Version { repository, rule };
    lock
}

/// Calls `run` with the lock and nothing else.
pub fn with_context<T>(lock: &Lockfile, run: impl FnOnce(&Context<'_>) -> T) -> T {
    let (tree, rewrites, built) = (MemoryTree::default(), Rewrites::default(), Built::default());
    run(&Context { lock, tree: &tree, templates: &TEMPLATES, rewrites: &rewrites, built: &built })
}

/// Renders the targets of `adapter` in a project file; an error as the command line would tell it, without drawing.
pub fn render(adapter: &dyn Adapter, project: &str, lock: &Lockfile, tree: &MemoryTree) -> Result<Vec<Output>, String> {
    let source = Source::ImagesToml(SourceFile::new("images.toml", project));
    let project = Project::parse(&[source], &[adapter.id()]).map_err(|errors| told(&errors))?;
    let rewrites = Rewrites::of(&project);
    let context = Context { lock, tree, templates: &TEMPLATES, rewrites: &rewrites, built: &project.built };
    let mut outputs = Vec::new();
    for table in &project.targets {
        let target = adapter.read(table).map_err(|errors| told(&errors))?;
        outputs.extend(target.render(&context).map_err(|error| told(&[error]))?);
    }
    Ok(outputs)
}

/// The text of the only file that is rendered.
pub fn only(adapter: &dyn Adapter, project: &str, lock: &Lockfile, tree: &MemoryTree) -> Result<String, String> {
    let outputs = render(adapter, project, lock, tree)?;
    assert_eq!(outputs.len(), 1);
    Ok(String::from_utf8(outputs[0].content.clone()).unwrap())
}

fn told(errors: &[impl Located]) -> String {
    let mut text = String::new();
    for error in errors {
        text.push_str(&format!("{error}\n"));
        for label in error.labels() {
            let shown = &label.at.file.text()[label.at.span.clone()];
            text.push_str(format!("{} {shown:?} {}", label.at, label.text).trim_end());
            text.push('\n');
        }
        for help in error.help() {
            text.push_str(&format!("help: {help}\n"));
        }
    }
    text
}
