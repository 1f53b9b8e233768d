//! The Zarf adapter: a package with one component that lists the locked images, which people's own packages import.
//!
//! Zarf takes over what is listed, under the reference that is listed. By the digest of an index it takes all platforms, which
//! releases before 0.76 refuse: with `architecture`, what is listed is that platform's manifest.

use camino::Utf8PathBuf;
use imagelock_adapter::{Adapter, Common, Context, Output, PLACEHOLDER, Pinned, Problem, RenderError, Target};
use imagelock_core::project::{Fields, ProjectError, TargetTable};
use imagelock_core::source::Spanned;
use imagelock_core::{ImageName, Platform};
use serde::Serialize;

/// What the component is called where nobody says.
const COMPONENT: &str = "images";

/// The adapter of `[[zarf]]`.
pub struct Zarf;

struct Component {
    output: Spanned<Utf8PathBuf>,
    images: Option<Vec<Spanned<ImageName>>>,
    name: String,
    platform: Option<Spanned<Platform>>,
}

#[derive(Serialize)]
struct ComponentPage<'a> {
    seal: &'static str,
    component: &'a str,
    architecture: Option<&'a str>,
    images: Vec<ImageRow>,
}

#[derive(Serialize)]
struct ImageRow {
    about: String,
    reference: String,
}

impl Adapter for Zarf {
    fn id(&self) -> &'static str {
        "zarf"
    }

    fn about(&self) -> &'static str {
        "a component of a Zarf package that lists the locked images"
    }

    fn read(&self, table: &TargetTable) -> Result<Box<dyn Target>, Vec<ProjectError>> {
        let mut fields = Fields::new(&table.node, "[[zarf]]").map_err(|error| vec![error])?;
        fields.required_text("output");
        let Common { output, images } = Common::read(&mut fields);
        let name = fields.text("component");
        if let Some(name) = name.as_ref().filter(|name| !is_component(&name.value)) {
            let rule = "components are called by lower-case letters, digits and `-`, as in `base-images`";
            fields.fail(ProjectError::invalid(rule, &name.at));
        }
        let mut platform = None;
        if let Some(written) = fields.text("architecture") {
            match format!("linux/{}", written.value).parse() {
                Ok(value) => platform = Some(Spanned { value, at: written.at }),
                Err(error) => fields.fail(ProjectError::invalid(error, &written.at)),
            }
        }
        fields.finish()?;
        let Some(output) = output else { return Err(Vec::new()) };
        let name = name.map_or_else(|| COMPONENT.to_owned(), |name| name.value);
        Ok(Box::new(Component { output, images, name, platform }))
    }
}

impl Target for Component {
    fn title(&self) -> String {
        format!("zarf {}", self.output.value)
    }

    fn images(&self) -> Vec<Spanned<ImageName>> {
        self.images.clone().unwrap_or_default()
    }

    fn render(&self, context: &Context<'_>) -> Result<Vec<Output>, RenderError> {
        let pinned = context.images(self.images.as_deref())?;
        let page = ComponentPage {
            seal: PLACEHOLDER,
            component: &self.name,
            architecture: self.platform.as_ref().and_then(|platform| platform.value.as_str().split('/').nth(1)),
            images: pinned.iter().map(|image| self.row(image)).collect::<Result<_, _>>()?,
        };
        let text = context.templates.render("zarf.yaml", &page)?;
        let output = Output::generated(&self.output.value, &text, &self.output.at)?;
        Ok(vec![output.with(pinned.iter().map(|image| image.name))])
    }
}

impl Component {
    fn row(&self, pinned: &Pinned<'_>) -> Result<ImageRow, RenderError> {
        let about = format!("{}: {}", pinned.name, pinned.about());
        let Some(platform) = &self.platform else {
            return Ok(ImageRow { about, reference: pinned.tagged().to_string() });
        };
        let Some(locked) = pinned.image.platforms.get(&platform.value) else {
            let problem = format!("`{}` is not locked for {}", pinned.name, platform.value);
            let problem = Problem::at(&platform.at, problem);
            return Err(problem
                .help("`images` names those that are, and `platforms` of an image what is locked")
                .into());
        };
        let reference = pinned.repository.with(pinned.tag().cloned(), Some(locked.digest.clone()));
        Ok(ImageRow { about, reference: reference.to_string() })
    }
}

/// Whether a text can be the name of a component (Zarf's schema: `^[a-z0-9][a-z0-9\-]*$`).
fn is_component(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.bytes().all(inner) && !text.is_empty() && !text.starts_with('-')
}

#[cfg(test)]
mod tests;
