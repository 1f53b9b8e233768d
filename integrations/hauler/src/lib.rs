//! The Hauler adapter: a manifest of kind `Images`, which `hauler store sync` fills a store from.

use camino::Utf8PathBuf;
use imagelock_adapter::{Adapter, Common, Context, Output, PLACEHOLDER, RenderError, Target};
use imagelock_core::project::{Fields, ProjectError, TargetTable};
use imagelock_core::source::Spanned;
use imagelock_core::{ImageName, Platform};
use serde::Serialize;

/// The adapter of `[[hauler]]`.
pub struct Hauler;

struct Manifest {
    output: Spanned<Utf8PathBuf>,
    images: Option<Vec<Spanned<ImageName>>>,
    platform: Option<Platform>,
}

#[derive(Serialize)]
struct ManifestPage {
    seal: &'static str,
    platform: Option<String>,
    images: Vec<ImageRow>,
}

#[derive(Serialize)]
struct ImageRow {
    about: String,
    reference: String,
}

impl Adapter for Hauler {
    fn id(&self) -> &'static str {
        "hauler"
    }

    fn about(&self) -> &'static str {
        "a manifest of the locked images for Hauler"
    }

    fn read(&self, table: &TargetTable) -> Result<Box<dyn Target>, Vec<ProjectError>> {
        let mut fields = Fields::new(&table.node, "[[hauler]]").map_err(|error| vec![error])?;
        fields.required_text("output");
        let Common { output, images } = Common::read(&mut fields);
        let platform = fields.parsed::<Platform>("platform");
        fields.finish()?;
        let Some(output) = output else { return Err(Vec::new()) };
        Ok(Box::new(Manifest { output, images, platform: platform.map(|platform| platform.value) }))
    }
}

impl Target for Manifest {
    fn title(&self) -> String {
        format!("hauler {}", self.output.value)
    }

    fn images(&self) -> Vec<Spanned<ImageName>> {
        self.images.clone().unwrap_or_default()
    }

    fn render(&self, context: &Context<'_>) -> Result<Vec<Output>, RenderError> {
        let pinned = context.images(self.images.as_deref())?;
        let rows = pinned.iter().map(|image| ImageRow {
            about: format!("{}: {}", image.name, image.about()),
            reference: image.pinned().to_string(),
        });
        let platform = self.platform.as_ref().map(ToString::to_string);
        let page = ManifestPage { seal: PLACEHOLDER, platform, images: rows.collect() };
        let text = context.templates.render("hauler.yaml", &page)?;
        let output = Output::generated(&self.output.value, &text, &self.output.at)?;
        Ok(vec![output.with(pinned.iter().map(|image| image.name))])
    }
}

#[cfg(test)]
mod tests {
    use imagelock_adapter::MemoryTree;
    use imagelock_core::{Lockfile, arbitrary};
    use imagelock_edit::testing::{lock, only};
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    fn written(more: &str, lock: &Lockfile) -> String {
        let project = format!("[[hauler]]\noutput = \"hauler.yaml\"\n{more}");
        only(&Hauler, &project, lock, &MemoryTree::default()).unwrap()
    }

    #[test]
    fn a_manifest_lists_the_images_by_their_digests() {
        let text = written("platform = \"linux/amd64\"\n", &lock(&[("web", "nginx:1.29", 'a')]));
        let (_, body) = text.split_once('\n').unwrap();
        assert_eq!(
            body,
            "apiVersion: content.hauler.cattle.io/v1
kind: Images
metadata:
  name: images
  annotations:
    hauler.dev/platform: \"linux/amd64\"
spec:
  images:
    # web: 1.29, 12 Nov 2026
    - name: \"docker.io/library/nginx@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"
"
        );
    }

    #[test]
    fn an_empty_lock_has_no_images() {
        let text = written("", &Lockfile::default());
        assert!(text.ends_with("spec:\n  images: []\n") && !text.contains("annotations"), "{text}");
    }

    #[derive(Deserialize)]
    struct Written {
        spec: Spec,
    }

    #[derive(Deserialize)]
    struct Spec {
        images: Vec<Named>,
    }

    #[derive(Deserialize)]
    struct Named {
        name: String,
    }

    proptest! {
        #[test]
        fn a_parser_reads_back_what_publishers_wrote(name in arbitrary::image_name(), image in arbitrary::locked_image()) {
            let text = written("", &Lockfile { images: [(name, image.clone())].into(), ..Lockfile::default() });
            let read: Written = serde_saphyr::from_str(&text).unwrap();
            let names: Vec<String> = read.spec.images.into_iter().map(|image| image.name).collect();
            prop_assert_eq!(names, image.pinned().iter().map(ToString::to_string).collect::<Vec<_>>());
        }
    }
}
