//! The Carvel adapter: an `ImagesLock`, which kbld resolves references from and imgpkg copies images by.
//!
//! kbld compares references as texts, so each image carries the reference that people write: the familiar one with
//! its tag.

use camino::Utf8PathBuf;
use imagelock_adapter::{Adapter, Common, Context, Output, PLACEHOLDER, Pinned, RenderError, Target};
use imagelock_core::ImageName;
use imagelock_core::project::{Fields, ProjectError, TargetTable};
use imagelock_core::source::Spanned;
use serde::Serialize;

/// The adapter of `[[carvel]]`.
pub struct Carvel;

struct ImagesLock {
    output: Spanned<Utf8PathBuf>,
    images: Option<Vec<Spanned<ImageName>>>,
}

#[derive(Serialize)]
struct LockPage<'a> {
    seal: &'static str,
    images: Vec<ImageRow<'a>>,
}

#[derive(Serialize)]
struct ImageRow<'a> {
    about: String,
    pinned: String,
    id: String,
    name: String,
    version: Option<&'a str>,
    revision: Option<&'a str>,
    source: Option<&'a str>,
}

impl Adapter for Carvel {
    fn id(&self) -> &'static str {
        "carvel"
    }

    fn about(&self) -> &'static str {
        "an ImagesLock for kbld and imgpkg"
    }

    fn pins_elsewhere(&self) -> &'static [&'static str] {
        &["kubernetes"]
    }

    fn read(&self, table: &TargetTable) -> Result<Box<dyn Target>, Vec<ProjectError>> {
        let mut fields = Fields::new(&table.node, "[[carvel]]").map_err(|error| vec![error])?;
        fields.required_text("output");
        let Common { output, images } = Common::read(&mut fields);
        fields.finish()?;
        let Some(output) = output else { return Err(Vec::new()) };
        Ok(Box::new(ImagesLock { output, images }))
    }
}

impl Target for ImagesLock {
    fn title(&self) -> String {
        format!("carvel {}", self.output.value)
    }

    fn images(&self) -> Vec<Spanned<ImageName>> {
        self.images.clone().unwrap_or_default()
    }

    fn render(&self, context: &Context<'_>) -> Result<Vec<Output>, RenderError> {
        let pinned = context.images(self.images.as_deref())?;
        let page = LockPage { seal: PLACEHOLDER, images: pinned.iter().map(ImageRow::of).collect() };
        let text = context.templates.render("images.lock.yaml", &page)?;
        let output = Output::generated(&self.output.value, &text, &self.output.at)?;
        Ok(vec![output.with(pinned.iter().map(|image| image.name))])
    }
}

impl<'a> ImageRow<'a> {
    fn of(pinned: &Pinned<'a>) -> Self {
        let canonical = pinned.image.repository().unwrap_or(&pinned.repository);
        Self {
            about: pinned.about(),
            pinned: pinned.pinned().to_string(),
            id: canonical.with(pinned.tag().cloned(), None).familiar(),
            name: pinned.name.to_string(),
            version: pinned.image.version.as_deref(),
            revision: pinned.image.revision.as_deref(),
            source: pinned.image.source.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use imagelock_adapter::MemoryTree;
    use imagelock_core::{Lockfile, arbitrary};
    use imagelock_edit::testing::{lock, only};
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    const PROJECT: &str = "[[carvel]]\noutput = \".imgpkg/images.yml\"\n";

    fn images_lock(lock: &Lockfile) -> String {
        only(&Carvel, PROJECT, lock, &MemoryTree::default()).unwrap()
    }

    #[test]
    fn an_image_carries_the_reference_that_people_write() {
        let mut lock = lock(&[("web", "nginx:1.27", 'a'), ("tools", "ghcr.io/acme/tools", 'b')]);
        lock.images.get_mut("web").unwrap().version = Some("1.27.3 \"mainline\"".to_owned());
        let text = images_lock(&lock);
        let (_, body) = text.split_once('\n').unwrap();
        assert_eq!(
            body,
            "apiVersion: imgpkg.carvel.dev/v1alpha1
kind: ImagesLock
images:
# 12 Nov 2026
- image: \"ghcr.io/acme/tools@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"
  annotations:
    kbld.carvel.dev/id: \"ghcr.io/acme/tools\"
    imagelock/name: \"tools\"
# 1.27, 1.27.3 \"mainline\", 12 Nov 2026
- image: \"docker.io/library/nginx@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"
  annotations:
    kbld.carvel.dev/id: \"nginx:1.27\"
    imagelock/name: \"web\"
    org.opencontainers.image.version: \"1.27.3 \\\"mainline\\\"\"
"
        );
    }

    #[test]
    fn an_empty_lock_has_no_images() {
        assert!(images_lock(&Lockfile::default()).ends_with("\nimages: []\n"));
    }

    #[derive(Deserialize)]
    struct Written {
        images: Vec<ReadImage>,
    }

    #[derive(Deserialize)]
    struct ReadImage {
        image: String,
        annotations: BTreeMap<String, String>,
    }

    proptest! {
        #[test]
        fn a_parser_reads_back_what_publishers_wrote(name in arbitrary::image_name(), image in arbitrary::locked_image()) {
            let read: Written = serde_saphyr::from_str(&images_lock(&Lockfile { images: [(name, image.clone())].into(), ..Default::default() })).unwrap();
            prop_assert_eq!(read.images.is_empty(), image.repository().is_none());
            for entry in read.images {
                prop_assert_eq!(entry.image, image.pinned().unwrap().to_string());
                let said = |key: &str| entry.annotations.get(&format!("org.opencontainers.image.{key}")).cloned();
                prop_assert_eq!(said("version"), image.version.clone());
                prop_assert_eq!(said("revision"), image.revision.clone());
                prop_assert_eq!(said("source"), image.source.clone());
            }
        }
    }
}
