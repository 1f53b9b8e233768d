//! Under which keys of a chart's image the repository is written, if it has to be.
//!
//! Nothing is written where the chart means the locked repository already: a chart may compare the text with its own.
//! No key is written that neither the values have nor the templates read.

use imagelock_core::Reference;
use imagelock_core::reference::Repository;
use imagelock_yaml::Value;

use crate::reads::{Reads, Templates};
use crate::shape::Keys;

/// What to write of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Naming {
    /// The keys of the image's mapping.
    pub(crate) set: Vec<(&'static str, String)>,
    /// What a person should know.
    pub(crate) warning: Option<String>,
}

impl Naming {
    fn nothing() -> Self {
        Self { set: Vec::new(), warning: None }
    }

    fn whole(key: &'static str, repository: &Repository) -> Self {
        Self { set: vec![(key, repository.to_string())], warning: None }
    }
}

/// Tells how a mapping names `wanted`. `values` are all of the chart's; the error is why nobody can tell.
pub(crate) fn naming(
    image: &Value,
    values: &Value,
    wanted: &Repository,
    templates: &Templates<'_>,
) -> Result<Naming, String> {
    let keys = Keys::of(image);
    let there =
        |key: Option<&str>| key.and_then(|key| image.get(key)).and_then(Value::as_text).filter(|text| !text.is_empty());
    let registry = there(keys.registry);
    let over = global_registry(values, templates);
    let Some(name) = keys.repository else { return unnamed(keys, wanted, templates) };
    let written = there(Some(name));
    // A chart that reads a global registry puts it before the image's own.
    let front = over.as_ref().map(|(_, host)| host.as_str()).or(registry);
    if let Some(written) = written {
        let whole = |front: Option<&str>| match front {
            Some(front) => format!("{}/{written}", front.trim_end_matches('/')),
            None => written.to_owned(),
        };
        let is = |text: String| text.parse::<Reference>().is_ok_and(|found| found.repository == *wanted);
        if is(whole(front)) || over.is_none() && is(whole(registry)) {
            return Ok(Naming::nothing());
        }
    }
    if name == "image" && templates.reads("repository") > Reads::No {
        return Ok(Naming::whole("repository", wanted));
    }
    let apart =
        |key| Naming { set: vec![(key, wanted.host().to_string()), (name, wanted.path().to_owned())], warning: None };
    match (keys.registry, over) {
        (Some(key), None) => Ok(apart(key)),
        (None, None) if name == "image" && templates.reads("registry") > Reads::No => Ok(apart("registry")),
        (None, None) => Ok(Naming::whole(name, wanted)),
        (key, Some((path, host))) => {
            if host == wanted.host().to_string() {
                return Ok(Naming { set: vec![(name, wanted.path().to_owned())], warning: None });
            }
            let warning = format!(
                "the chart reads `{path}`, which is `{host}`: it may stand before `{wanted}`; `render --check` tells"
            );
            let naming = key.map_or_else(|| Naming::whole(name, wanted), apart);
            Ok(Naming { warning: Some(warning), ..naming })
        }
    }
}

/// The mapping has a tag or a digest, and no key for a name: the templates write it, or read a key that is not there.
fn unnamed(keys: Keys, wanted: &Repository, templates: &Templates<'_>) -> Result<Naming, String> {
    for key in ["repository", "image", "name"] {
        if key == "repository" && templates.reads(key) > Reads::No || templates.reads(key) == Reads::Certainly {
            return Ok(Naming::whole(key, wanted));
        }
    }
    let literal = [keys.tag_key(), "digest", "sha"].into_iter().find_map(|key| templates.literal(key));
    match literal {
        Some(text) if text.parse::<Reference>().is_ok_and(|found| found.repository == *wanted) => Ok(Naming::nothing()),
        Some(text) => Err(format!("its templates write the repository out, `{text}`, which is not `{wanted}`")),
        None => Err(format!("no key of it names the repository, so that `{wanted}` can be written nowhere")),
    }
}

/// The registry that the chart's values set for all of its images, with its path, where the templates read one.
fn global_registry(values: &Value, templates: &Templates<'_>) -> Option<(String, String)> {
    templates.global_registries().into_iter().find_map(|path| {
        let found = path.split('.').try_fold(values, Value::get)?;
        let host = found.as_text().filter(|text| !text.is_empty())?;
        Some((path.to_owned(), host.to_owned()))
    })
}
