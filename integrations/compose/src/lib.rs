//! The Docker Compose adapter: an override file that pins the images of services, in the shape that
//! `docker compose config --lock-image-digests` writes.
//!
//! Services of the Compose file are matched by their references, or named in `services`. The Compose file itself is
//! only read: what an override cannot reach (`pre_start`, image volumes) has to be pinned where it is written.

mod file;

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use imagelock_adapter::{
    Adapter, Common, Context, Left, Output, PLACEHOLDER, Pinned, Problem, RenderError, Target, Use,
};
use imagelock_core::ImageName;
use imagelock_core::project::{Entry, Fields, ProjectError, TargetTable};
use imagelock_core::source::{Label, Location, Spanned, nearest};
use imagelock_edit::{Choice as Chosen, Matcher};
use imagelock_scan::formats::compose::Variables;
use serde::Serialize;

use crate::file::{ComposeFile, Source};

/// The adapter of `[[compose]]`.
pub struct Compose;

struct Override {
    at: Location,
    output: Spanned<Utf8PathBuf>,
    file: Option<Spanned<Utf8PathBuf>>,
    images: Option<Vec<Spanned<ImageName>>>,
    services: Vec<(Spanned<String>, Spanned<ImageName>)>,
    strict: bool,
}

#[derive(Serialize)]
struct Page<'a> {
    seal: &'static str,
    file: &'a str,
    output: &'a str,
    services: Vec<Service>,
}

#[derive(Serialize)]
struct Service {
    about: String,
    name: String,
    image: String,
}

impl Adapter for Compose {
    fn id(&self) -> &'static str {
        "compose"
    }

    fn about(&self) -> &'static str {
        "an override file that pins the images of Docker Compose services"
    }

    fn read(&self, table: &TargetTable) -> Result<Box<dyn Target>, Vec<ProjectError>> {
        let mut fields = Fields::new(&table.node, "[[compose]]").map_err(|error| vec![error])?;
        fields.required_text("output");
        let Common { output, images } = Common::read(&mut fields);
        let file = fields.path("file");
        let strict = fields.flag("strict");
        let services = fields.entries("services", "a table of services and the names of their images", service);
        if file.is_none() && services.is_empty() {
            let what = "`[[compose]]` needs `file`, the Compose file, or `services`, the images of its services";
            fields.fail(ProjectError::invalid(what, &table.node.at));
        }
        fields.finish()?;
        let Some(output) = output else { return Err(Vec::new()) };
        Ok(Box::new(Override { at: table.node.at.clone(), output, file, images, services, strict }))
    }
}

/// Reads an entry of `services = { db = "postgres" }`.
fn service(entry: &Entry) -> Result<(Spanned<String>, Spanned<ImageName>), Vec<ProjectError>> {
    let image = entry.parsed("the name of an image").map_err(|error| vec![error])?;
    Ok((Spanned { value: entry.key.clone(), at: entry.key_at.clone() }, image))
}

impl Target for Override {
    fn title(&self) -> String {
        format!("compose {}", self.output.value)
    }

    fn images(&self) -> Vec<Spanned<ImageName>> {
        let named = self.services.iter().map(|(_, image)| image);
        self.images.iter().flatten().chain(named).cloned().collect()
    }

    fn render(&self, context: &Context<'_>) -> Result<Vec<Output>, RenderError> {
        let (mut rows, mut warnings, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        let (mut named_here, mut uses) = (Vec::new(), Vec::new());
        let mut errors: Vec<RenderError> = Vec::new();
        let file = self.file.as_ref().map(|path| ComposeFile::read(context, path)).transpose()?;
        for (service, image) in &self.services {
            file.as_ref().map_or(Ok(()), |file| known(file, service))?;
            rows.push(Service::new(&service.value, &context.image(&image.value, Some(&image.at))?));
            named_here.push(&image.value);
        }
        let matcher = Matcher::new(context, self.images.as_deref())?;
        let named: BTreeSet<&str> = self.services.iter().map(|(service, _)| service.value.as_str()).collect();
        for (name, service, variables) in file.iter().flat_map(ComposeFile::all) {
            if named.contains(name) {
                continue;
            }
            match pinned(&matcher, service, variables) {
                Ok(None) => {}
                Ok(Some((image, warning))) => {
                    rows.push(Service::new(name, image));
                    uses.push(Use { image: image.name.clone(), at: service.written().cloned(), moved: None });
                    warnings.extend(warning.map(|warning| format!("service `{name}` {warning}")));
                }
                Err((reason, at)) if self.strict => errors.push(self.unpinned(name, &at, &reason).into()),
                Err((reason, at)) => {
                    kept.push(Left { at, reason: format!("service `{name}` is not pinned: {reason}") });
                }
            }
        }
        for (at, problem) in file.iter().flat_map(ComposeFile::out_of_reach) {
            if self.strict {
                errors.push(Problem::at(at, problem).also(&self.at, "`strict` asks for every image").into());
            } else {
                kept.push(Left { at: at.clone(), reason: problem });
            }
        }
        if !errors.is_empty() {
            return Err(RenderError::Several(errors));
        }
        rows.sort_by(|a, b| a.name.cmp(&b.name));
        let file = self.file.as_ref().map_or("compose.yaml", |file| file.value.as_str());
        let page = Page { seal: PLACEHOLDER, file, output: self.output.value.as_str(), services: rows };
        let text = context.templates.render("compose.images.yaml", &page)?;
        let output = Output::generated(&self.output.value, &text, &self.output.at)?.with(named_here);
        let output = Output { uses: [output.uses, uses].concat(), kept, ..output };
        Ok(vec![warnings.into_iter().fold(output, Output::warn)])
    }
}

/// Whether a service that the project file names can take an image.
fn known(file: &ComposeFile, service: &Spanned<String>) -> Result<(), Problem> {
    match file.services.get(&service.value) {
        Some(Source::Built(at)) => {
            let built =
                format!("service `{}` is built: its `image` names the result, not what is pulled", service.value);
            Err(Problem::at(&service.at, built).also(at, "built here"))
        }
        Some(_) => Ok(()),
        None if !file.unread.is_empty() => Ok(()),
        None => {
            let meant = nearest(&service.value, file.services.keys().map(String::as_str));
            let meant = meant.map(|name| format!("did you mean `{name}`?")).unwrap_or_default();
            let mut problem = Problem::at(&service.at, format!("`{}` has no service `{}`", file.path, service.value));
            problem.labels = vec![Label::primary(&service.at, meant)];
            Err(problem)
        }
    }
}

type Choice<'w, 'a> = (&'w Pinned<'a>, Option<&'static str>);

/// The image of a service that nobody named; nothing where there is none to pull, or why it is not pinned, and where.
fn pinned<'w, 'a>(
    matcher: &'w Matcher<'a>,
    service: &Source,
    variables: &Variables,
) -> Result<Option<Choice<'w, 'a>>, (String, Location)> {
    match service {
        Source::Built(_) | Source::Provided => Ok(None),
        Source::Elsewhere(at, reason) => Err(((*reason).to_owned(), at.clone())),
        Source::Image(image) => chosen(matcher, &image.value, variables).map_err(|reason| (reason, image.at.clone())),
    }
}

fn chosen<'w, 'a>(
    matcher: &'w Matcher<'a>,
    image: &str,
    variables: &Variables,
) -> Result<Option<Choice<'w, 'a>>, String> {
    let (text, variables) = variables.resolve(image).map_err(|error| error.to_string())?;
    let reference = text.parse().map_err(|error: imagelock_core::reference::ReferenceError| error.to_string())?;
    match matcher.choose(&reference) {
        Chosen::Pin(image) => Ok(Some((
            image,
            variables.then_some(
                "takes its image from variables: the override pins their defaults, whatever they are set to",
            ),
        ))),
        // What is built here is told of as little as a service with `build`.
        Chosen::Keep(kept) => kept.tell(&text).map_or(Ok(None), Err),
    }
}

impl Override {
    fn unpinned(&self, name: &str, at: &Location, reason: &str) -> Problem {
        let problem = Problem::at(at, format!("service `{name}` is not pinned: {reason}"));
        problem
            .also(&self.at, "`strict` asks for every service")
            .help(format!("name its image: `services = {{ {name} = \"…\" }}`"))
    }
}

impl ComposeFile {
    /// The services, with the variables that their images may name.
    fn all(&self) -> impl Iterator<Item = (&str, &Source, &Variables)> {
        self.services.iter().map(|(name, service)| (name.as_str(), service, &self.variables))
    }

    /// What no override pins, and where.
    fn out_of_reach(&self) -> impl Iterator<Item = (&Location, String)> {
        let unread = self.unread.iter().map(|file| {
            (&file.at, format!("services of `{}` are not pinned: the file is not in the repository", file.value))
        });
        let beyond = self.beyond.iter().map(|image| {
            (&image.at, format!("`{}` is not pinned: no override reaches it; write its digest there", image.value))
        });
        unread.chain(beyond)
    }
}

impl Service {
    /// Nothing here has to be kept from Compose's interpolation: no reference holds a `$`, and names are keys, which
    /// are taken as they are.
    fn new(name: &str, image: &Pinned<'_>) -> Self {
        let about = format!("{}: {}", image.name, image.about());
        Self { about, name: name.to_owned(), image: image.tagged().to_string() }
    }
}

#[cfg(test)]
mod tests;
