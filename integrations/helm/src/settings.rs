//! From an image and its place in the values to the values to set.

use imagelock_adapter::{Context, Pinned, Problem, RenderError};
use imagelock_core::source::{Label, Location, nearest};

use crate::chart::{Chart, Owner};
use crate::fields::Field;
use crate::reads::Templates;
use crate::repository;
use crate::schema;
use crate::shape::{self, Keys, NoShape, Shape, Told};
use crate::table::Wanted;
use imagelock_yaml::Value;
use imagelock_yaml::{Step, ValuePath, display};

/// As many images are listed where a path names none.
const SHOWN: usize = 12;

/// What one image asks to set.
#[derive(Debug)]
pub(crate) struct Settings {
    /// The mapping or the string that is the image's.
    pub(crate) path: Vec<Step>,
    /// Lines of a comment about it.
    pub(crate) comments: Vec<String>,
    /// The values.
    pub(crate) set: Vec<(Vec<Step>, Value)>,
    /// Where the project file asks for it.
    pub(crate) at: Location,
    /// What a person should know.
    pub(crate) warnings: Vec<String>,
}

/// The chart and its values, with those of the edited file upon them.
pub(crate) struct Planner<'a> {
    pub(crate) chart: &'a Chart,
    pub(crate) values: &'a Value,
}

impl Planner<'_> {
    /// What an image with a shape asks to set.
    pub(crate) fn wanted(&self, wanted: &Wanted, context: &Context<'_>) -> Result<Settings, RenderError> {
        let pinned = context.image(&wanted.image.value, Some(&wanted.image.at))?;
        let path = wanted.path.value.steps();
        let owner = self.chart.owner(path);
        let templates = Templates::new(&owner, path);
        let found = self.values.at(path);
        let told = match (&wanted.shape, found) {
            (Some(shape), _) => Told { shape: shape.value, because: "it is set in the project file".to_owned() },
            (None, None) => return Err(self.no_path(wanted, &owner)),
            (None, Some(image)) => self.tell(wanted, image, &templates)?,
        };
        let image = found.cloned().unwrap_or_default();
        let mut settings = Settings {
            path: path.to_vec(),
            comments: vec![about(&pinned), format!("shape {}: {}", told.shape, told.because)],
            set: Vec::new(),
            at: wanted.path.at.clone(),
            warnings: Vec::new(),
        };
        let writer = Writer { pinned: &pinned, image: &image, wanted, shape: told.shape };
        if told.shape != Shape::String {
            match repository::naming(&image, self.values, &pinned.repository, &templates) {
                Ok(naming) => {
                    settings.warnings.extend(naming.warning);
                    writer.repository(naming.set, &mut settings);
                }
                // Who sets the shape has looked; `render --check` compares what comes of it.
                Err(reason) if wanted.shape.is_some() => {
                    settings.warnings.push(format!("`{}`: {reason}", wanted.path.value));
                }
                Err(reason) => return Err(not_told(wanted, &reason)),
            }
        }
        writer.write(&mut settings)?;
        let tag = Keys::of(&image).tag_key();
        if told.shape == Shape::TagDigest
            && let Some(line) = templates.uses_elsewhere(tag)
        {
            settings.warnings.push(format!(
                "`{}.{tag}` carries the digest, and the chart uses it elsewhere: `{}`; a label, for one, takes no `@`: \
                 give the chart a key for the digest, or use `post-render`",
                wanted.path.value,
                line.trim()
            ));
        }
        self.check_schema(&settings)?;
        Ok(settings)
    }

    /// What an entry of `[[helm.fields]]` asks to set.
    pub(crate) fn field(&self, field: &Field, context: &Context<'_>) -> Result<Settings, RenderError> {
        let pinned = context.image(&field.image.value, Some(&field.image.at))?;
        let mut settings = Settings {
            path: field.path.as_ref().map(|path| path.value.steps().to_vec()).unwrap_or_default(),
            comments: vec![about(&pinned), "fields: they are set in the project file".to_owned()],
            set: Vec::new(),
            at: field.path.as_ref().map_or_else(|| field.image.at.clone(), |path| path.at.clone()),
            warnings: Vec::new(),
        };
        for (key, filling) in &field.set {
            let path: Vec<Step> = settings.path.iter().chain(key.value.steps()).cloned().collect();
            settings.set.push((path, filling.fill(&pinned)?));
        }
        self.check_schema(&settings)?;
        Ok(settings)
    }

    fn tell(&self, wanted: &Wanted, image: &Value, templates: &Templates<'_>) -> Result<Told, RenderError> {
        let path = wanted.path.value.steps();
        let siblings = path.split_last().and_then(|(_, parent)| self.values.at(parent));
        shape::tell(image, siblings, path, templates).map_err(|error| match error {
            NoShape::NoImage => self.no_path(wanted, templates.owner),
            NoShape::Unclear(_) if templates.owner.missing.is_some() => self.no_path(wanted, templates.owner),
            NoShape::Unclear(reason) => not_told(wanted, &reason),
        })
    }

    fn no_path(&self, wanted: &Wanted, owner: &Owner<'_>) -> RenderError {
        let path = wanted.path.value.to_string();
        if let Some(missing) = owner.missing {
            let message =
                format!("the chart of `{missing}` is not there, so that the shape of `{path}` cannot be told");
            return Problem::at(&wanted.path.at, message)
                .help("run `helm dependency build`, or set the shape: `{ image = \"…\", shape = \"digest\" }`")
                .into();
        }
        let there = images(self.values);
        let label = nearest(&path, there.iter().map(String::as_str));
        let mut problem = Problem::at(&wanted.path.at, format!("the chart's values have no image at `{path}`"));
        if let Some(near) = label {
            problem.labels = vec![Label::primary(&wanted.path.at, format!("did you mean `{near}`?"))];
        }
        let listed: Vec<String> = there.iter().take(SHOWN).map(|path| format!("`{path}`")).collect();
        match there.len() {
            0 => problem.help("no image was found in its values: `post-render` pins what the templates write"),
            more if more > SHOWN => {
                problem.help(format!("its images are {} and {} more", listed.join(", "), more - SHOWN))
            }
            _ => problem.help(format!("its images are {}", listed.join(", "))),
        }
        .into()
    }

    fn check_schema(&self, settings: &Settings) -> Result<(), RenderError> {
        for (path, value) in &settings.set {
            for (chart, depth) in self.chart.owner(path).on_the_way {
                let Some(schema) = &chart.schema else { continue };
                if let Some(refusal) = schema::refusal(schema, &path[depth..], value) {
                    let message = format!("the chart's values.schema.json refuses `{}`: {refusal}", display(path));
                    let help = "set another shape, list the keys under [[helm.fields]], or use `post-render`";
                    return Err(Problem::at(&settings.at, message).help(help).into());
                }
            }
        }
        Ok(())
    }
}

fn about(pinned: &Pinned<'_>) -> String {
    match pinned.about() {
        about if about.is_empty() => pinned.name.to_string(),
        about => format!("{}: {about}", pinned.name),
    }
}

/// Writes one image in one shape.
struct Writer<'a> {
    pinned: &'a Pinned<'a>,
    /// What the values have at the path.
    image: &'a Value,
    wanted: &'a Wanted,
    shape: Shape,
}

impl Writer<'_> {
    fn write(&self, settings: &mut Settings) -> Result<(), RenderError> {
        let path = &self.wanted.path.value;
        let mut set = |path: ValuePath, value| settings.set.push((path.steps().to_vec(), value));
        if self.shape == Shape::String {
            set(path.clone(), Value::text(self.pinned.tagged().to_string()));
            return Ok(());
        }
        let keys = Keys::of(self.image);
        let digest = self.digest()?;
        match (self.shape.digest_key(), self.tag()) {
            (Some(key), tag) => {
                if let Some(tag) = tag {
                    set(path.key(keys.tag_key()), Value::text(tag));
                }
                set(path.key(key), Value::text(digest));
                if self.shape == Shape::UseDigest {
                    set(path.key("useDigest"), Value::flag(true));
                }
            }
            (None, Some(tag)) => set(path.key(keys.tag_key()), Value::text(format!("{tag}@{digest}"))),
            (None, None) => {
                let message = format!(
                    "`{}` is locked without a tag, and this shape writes the digest behind one",
                    self.pinned.name
                );
                return Err(Problem::at(&self.wanted.image.at, message)
                    .help("lock the image by a tag, or use `post-render`")
                    .into());
            }
        }
        Ok(())
    }

    fn repository(&self, keys: Vec<(&'static str, String)>, settings: &mut Settings) {
        let path = &self.wanted.path.value;
        settings.set.extend(keys.into_iter().map(|(key, value)| (path.key(key).steps().to_vec(), Value::text(value))));
    }

    /// The tag to keep: labels and version checks of the chart go by it.
    fn tag(&self) -> Option<String> {
        let tag = self.pinned.tag()?.as_str();
        // The chart appends it again.
        let distroless = matches!(self.image.get("distroless"), Some(Value::Text { text, .. }) if text == "true");
        let tag = tag.strip_suffix("-distroless").filter(|_| distroless).unwrap_or(tag);
        Some(tag.to_owned())
    }

    fn digest(&self) -> Result<String, RenderError> {
        let digest = self.pinned.digest();
        if !self.shape.is_hex() {
            return Ok(digest.to_string());
        }
        if digest.to_string().starts_with("sha256:") {
            return Ok(digest.hex().to_owned());
        }
        let message =
            format!("the chart writes `@sha256:` itself, and `{}` is locked by `{}`", self.pinned.name, digest.short());
        Err(Problem::at(&self.wanted.image.at, message).into())
    }
}

fn not_told(wanted: &Wanted, reason: &str) -> RenderError {
    let message = format!("the shape of `{}` cannot be told: {reason}", wanted.path.value);
    let image = &wanted.image.value;
    let help = format!("set it: `{{ image = \"{image}\", shape = \"…\" }}`, or list the keys under [[helm.fields]]");
    Problem::at(&wanted.path.at, message).help(help).into()
}

/// The paths in values that look like images, in their order.
fn images(values: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(values, &mut Vec::new(), &mut found);
    found
}

fn collect(value: &Value, path: &mut Vec<Step>, found: &mut Vec<String>) {
    match value {
        Value::Map(entries) => {
            let keys = Keys::of(value);
            let digest = value.get("digest").is_some() || value.get("sha").is_some();
            let is_image = keys.repository.is_some() && (keys.tag.is_some() || keys.registry.is_some() || digest)
                || keys.tag.is_some() && digest;
            if is_image && !path.is_empty() {
                found.push(display(path));
                return;
            }
            for (key, value) in entries {
                path.push(Step::Key(key.clone()));
                let named = key.to_ascii_lowercase().ends_with("image");
                match value {
                    Value::Text { text, typed: false } if named && !text.is_empty() => found.push(display(path)),
                    value => collect(value, path, found),
                }
                path.pop();
            }
        }
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(Step::Index(index));
                collect(item, path, found);
                path.pop();
            }
        }
        Value::Null | Value::Text { .. } => {}
    }
}
