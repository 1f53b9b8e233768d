//! The kustomize adapter: a component whose `images:` set the digests of the locked images.
//!
//! kustomize finds an image by the repository as it is written, so every image has an entry for each spelling. It
//! does not tell tags apart: a repository that is locked twice is refused. Digests are set alone, because a `newTag`
//! beside them is emitted by some versions of kustomize and dropped by others; the tag stands in a comment.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use imagelock_adapter::{Adapter, Common, Context, Output, PLACEHOLDER, Pinned, Problem, RenderError, Target};
use imagelock_core::project::{Fields, ProjectError, TargetTable};
use imagelock_core::source::Spanned;
use imagelock_core::{ImageName, Reference, Repository};
use serde::Serialize;

const NO_TAGS: &str = "kustomize finds images by name: leave tag and digest out";

/// The adapter of `[[kustomize]]`.
pub struct Kustomize;

struct Component {
    output: Spanned<Utf8PathBuf>,
    images: Option<Vec<Spanned<ImageName>>>,
    names: Vec<Name>,
}

/// A further spelling of a repository, as the person wrote it: parsed, it is another.
struct Name {
    written: Spanned<String>,
    repository: Repository,
}

#[derive(Serialize)]
struct ComponentPage {
    seal: &'static str,
    images: Vec<Image>,
}

#[derive(Serialize)]
struct Image {
    about: String,
    names: Vec<String>,
    repository: String,
    digest: String,
}

impl Adapter for Kustomize {
    fn id(&self) -> &'static str {
        "kustomize"
    }

    fn about(&self) -> &'static str {
        "a component that sets the digests of locked images in any kustomization"
    }

    fn pins_elsewhere(&self) -> &'static [&'static str] {
        &["kubernetes", "kustomize"]
    }

    fn read(&self, table: &TargetTable) -> Result<Box<dyn Target>, Vec<ProjectError>> {
        let mut fields = Fields::new(&table.node, "[[kustomize]]").map_err(|error| vec![error])?;
        fields.required_text("output");
        let Common { output, images } = Common::read(&mut fields);
        let mut names = Vec::new();
        for written in fields.texts("names").unwrap_or_default() {
            match written.value.parse() {
                Ok(Reference { repository, tag: None, digest: None }) => names.push(Name { written, repository }),
                Ok(_) => fields.fail(ProjectError::invalid(NO_TAGS, &written.at)),
                Err(error) => fields.fail(ProjectError::invalid(error, &written.at)),
            }
        }
        fields.finish()?;
        let Some(output) = output else { return Err(Vec::new()) };
        Ok(Box::new(Component { output, images, names }))
    }
}

impl Target for Component {
    fn title(&self) -> String {
        format!("kustomize {}", self.output.value)
    }

    fn images(&self) -> Vec<Spanned<ImageName>> {
        self.images.clone().unwrap_or_default()
    }

    fn render(&self, context: &Context<'_>) -> Result<Vec<Output>, RenderError> {
        let pinned = context.images(self.images.as_deref())?;
        let owners = self.owners(&pinned)?;
        let mut spellings: BTreeMap<&ImageName, Vec<String>> = BTreeMap::new();
        for image in &pinned {
            let canonical = image.image.repository().unwrap_or(&image.repository);
            let mut names = vec![canonical.familiar(), canonical.to_string()];
            names.extend(of_docker_hub(canonical));
            names.push(image.repository.to_string());
            spellings.insert(image.name, names);
        }
        for name in &self.names {
            let Some(owner) = owners.get(&name.repository) else {
                let problem = format!("no locked image has the repository `{}`", name.repository);
                let problem = Problem::at(&name.written.at, problem);
                return Err(problem.help("`names` are further spellings of locked images").into());
            };
            spellings.entry(owner.name).or_default().push(name.written.value.clone());
        }
        let images = pinned.iter().filter(|image| owners[&image.repository].name == image.name);
        let images = images.map(|image| Image {
            about: format!("{}: {}", image.name, image.about()),
            names: patterns(spellings.remove(image.name).unwrap_or_default()),
            repository: image.repository.to_string(),
            digest: image.digest().to_string(),
        });
        let page = ComponentPage { seal: PLACEHOLDER, images: images.collect() };
        let text = context.templates.render("kustomization.yaml", &page)?;
        let output = Output::generated(&self.output.value, &text, &self.output.at)?;
        Ok(vec![output.with(pinned.iter().map(|image| image.name))])
    }
}

impl Component {
    /// Which image an entry for a repository sets; two that would set different digests are refused.
    fn owners<'p, 'a>(&self, pinned: &'p [Pinned<'a>]) -> Result<BTreeMap<Repository, &'p Pinned<'a>>, RenderError> {
        let mut owners: BTreeMap<Repository, &Pinned<'a>> = BTreeMap::new();
        for image in pinned {
            // Entries run one after another: what one has renamed, another one may find.
            for repository in image.image.repository().into_iter().chain([&image.repository]) {
                let owner = *owners.entry(repository.clone()).or_insert(image);
                if (owner.digest(), &owner.repository) != (image.digest(), &image.repository) {
                    return Err(self.conflict(repository, owner, image).into());
                }
            }
        }
        Ok(owners)
    }

    fn conflict(&self, repository: &Repository, first: &Pinned<'_>, second: &Pinned<'_>) -> Problem {
        let named = |image: &Pinned<'_>| self.images.iter().flatten().find(|name| name.value == *image.name);
        let at = |image| named(image).map_or(&self.output.at, |name| &name.at);
        let both = format!("`{}` and `{}` are both images of `{repository}`", first.name, second.name);
        let mut problem = Problem::at(at(second), format!("{both}, and kustomize cannot tell their tags apart"));
        if let Some(name) = named(first) {
            problem = problem.also(&name.at, "the other one");
        }
        problem
            .help("take one of them here: `images = [\"…\"]`")
            .help("pin the others by their digests where they are written")
    }
}

/// The other spellings by which every client finds a repository of Docker Hub.
fn of_docker_hub(repository: &Repository) -> Vec<String> {
    if !repository.host().is_docker_hub() {
        return Vec::new();
    }
    let path = repository.path();
    let short = path.strip_prefix("library/").filter(|name| !name.contains('/'));
    let library = short.map(|name| [format!("docker.io/{name}"), path.to_owned(), format!("index.docker.io/{name}")]);
    library.into_iter().flatten().chain([format!("index.docker.io/{path}")]).collect()
}

/// kustomize compiles a name as a regular expression. The dots of a host stay as people write them, where nothing
/// else fits; `acme/node.js` shall not find `acme/node-js`, and brackets are an address.
fn patterns(names: Vec<String>) -> Vec<String> {
    let mut patterns: Vec<String> = Vec::new();
    for name in names {
        let (host, path) = name.split_once('/').unwrap_or(("", &name));
        let host = host.replace('[', "\\[").replace(']', "\\]");
        let slash = if host.is_empty() { "" } else { "/" };
        let pattern = format!("{host}{slash}{}", path.replace('.', "\\."));
        if !patterns.contains(&pattern) {
            patterns.push(pattern);
        }
    }
    patterns
}

#[cfg(test)]
mod tests;
