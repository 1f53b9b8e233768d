//! The generated Earthfile: one target for each image, with what makes its digest readable in the comment above.
//!
//! `FROM images+postgres` has the cache key of the digest alone and hands `--platform` down. Global arguments would not
//! do: each is part of the environment of every `RUN`, so one digest that moves would run everything again.

use std::collections::BTreeMap;

use imagelock_adapter::{Context, PLACEHOLDER, Pinned, Problem, RenderError};
use imagelock_core::ImageName;
use imagelock_core::source::Location;
use serde::Serialize;

use crate::table::Table;

#[derive(Serialize)]
struct EarthfilePage<'a> {
    seal: &'a str,
    version: &'a str,
    images: Vec<TargetEntry>,
}

#[derive(Serialize)]
struct TargetEntry {
    target: String,
    /// What the image is, for the comment.
    about: String,
    reference: String,
}

/// The file's text, with the place of the seal.
pub fn render(table: &Table, context: &Context<'_>) -> Result<String, RenderError> {
    let images = context.images(table.images.as_deref())?;
    let mut taken: BTreeMap<String, (&ImageName, &Location)> = BTreeMap::new();
    let mut entries = Vec::new();
    for image in &images {
        let (target, at) = target(table, image.name)?;
        if let Some((other, other_at)) = taken.insert(target.clone(), (image.name, at)) {
            return Err(collision(&target, (other, other_at), (image.name, at)));
        }
        entries.push(TargetEntry { about: about(&target, image), reference: image.tagged().to_string(), target });
    }
    if let Some((name, target)) = table.targets.iter().find(|(name, _)| !images.iter().any(|image| image.name == *name))
    {
        return Err(Problem::at(&target.at, format!("`{name}` has a target here, and is not among the images")).into());
    }
    let file = EarthfilePage { seal: PLACEHOLDER, version: &table.version, images: entries };
    Ok(context.templates.render("Earthfile", &file)?)
}

/// The name of an image's target, and the place that decided about it.
fn target<'t>(table: &'t Table, name: &ImageName) -> Result<(String, &'t Location), RenderError> {
    if let Some(target) = table.targets.get(name) {
        return match fault(&target.value) {
            None => Ok((target.value.clone(), &target.at)),
            Some(fault) => Err(Problem::at(&target.at, format!("`{}` {fault}", target.value)).into()),
        };
    }
    let named = table.images.iter().flatten().find(|image| image.value == *name);
    let at = named.map_or(&table.at, |image| &image.at);
    // The only letters of an image's name that a target has not.
    let target = name.as_str().replace('_', "-");
    match fault(&target) {
        None => Ok((target, at)),
        Some(fault) => {
            let problem = Problem::at(at, format!("`{name}` becomes the target `{target}`, which {fault}"));
            Err(problem.help(format!("give it another: `targets = {{ \"{name}\" = \"image-{target}\" }}`")).into())
        }
    }
}

/// Why a text is no target that can be referenced.
fn fault(target: &str) -> Option<&'static str> {
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    if target == "base" {
        Some("is reserved: it means the commands above the first target")
    } else if !target.starts_with(|c: char| c.is_ascii_lowercase()) {
        Some("does not start with a lower-case letter")
    } else if !target.chars().all(letters) {
        Some("has other characters than letters, digits, `.` and `-`")
    } else {
        None
    }
}

fn collision(target: &str, first: (&ImageName, &Location), second: (&ImageName, &Location)) -> RenderError {
    let (one, other) = (first.0, second.0);
    let problem = Problem::at(second.1, format!("`{one}` and `{other}` both become the target `{target}`"));
    let problem = if first.1 == second.1 { problem } else { problem.also(first.1, format!("`{one}` comes from here")) };
    problem.help(format!("give one of them another: `targets = {{ \"{other}\" = \"{target}-2\" }}`")).into()
}

/// A target's documentation starts with its name: `earth doc` shows no other.
fn about(target: &str, image: &Pinned<'_>) -> String {
    let reference = image.repository.with(image.tag().cloned(), None);
    let mut about = format!("{target} is {reference}");
    if let Some(version) =
        image.image.version.as_ref().filter(|version| image.tag().map(imagelock_core::Tag::as_str) != Some(version))
    {
        about.push_str(", version ");
        about.push_str(version);
    }
    if let Some(created) = image.image.created.as_ref().filter(|created| created.is_evidence()) {
        about.push_str(", created ");
        about.push_str(&created.day());
    }
    about
}
