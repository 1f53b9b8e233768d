use imagelock_adapter::MemoryTree;
use imagelock_core::lockfile::LockedPlatform;
use imagelock_core::{Lockfile, arbitrary};
use imagelock_edit::testing::{digest, lock, only};
use proptest::prelude::*;
use serde::Deserialize;

use super::*;

const PROJECT: &str = "[[zarf]]\noutput = \"images/zarf.yaml\"\n";

fn written(more: &str, lock: &Lockfile) -> Result<String, String> {
    only(&Zarf, &format!("{PROJECT}{more}"), lock, &MemoryTree::default())
}

fn two() -> Lockfile {
    lock(&[("web", "nginx:1.29", 'a'), ("tools", "ghcr.io/acme/tools", 'b')])
}

#[test]
fn a_component_lists_the_references_with_their_digests() {
    let text = written("", &two()).unwrap();
    let (_, body) = text.split_once('\n').unwrap();
    assert_eq!(
        body,
        format!(
            "# Import it: `import: {{path: FOLDER}}` in a component called \"images\".
kind: ZarfPackageConfig
metadata:
  name: \"images\"
components:
  - name: \"images\"
    required: true
    images:
      # tools: 12 Nov 2026
      - \"ghcr.io/acme/tools@{}\"
      # web: 1.29, 12 Nov 2026
      - \"docker.io/library/nginx:1.29@{}\"
",
            digest('b'),
            digest('a')
        )
    );
}

#[test]
fn an_architecture_takes_the_manifest_of_its_platform() {
    let mut lock = two();
    let manifest = LockedPlatform {
        config: digest('d'),
        digest: digest('c'),
        media_type: "application/vnd.oci.image.manifest.v1+json".to_owned(),
        size: 1,
    };
    lock.images.get_mut("web").unwrap().platforms.insert("linux/arm64".parse().unwrap(), manifest);
    let text = written("architecture = \"arm64\"\nimages = [\"web\"]\n", &lock).unwrap();
    assert!(text.contains(&format!("      - \"docker.io/library/nginx:1.29@{}\"\n", digest('c'))), "{text}");
    assert!(text.contains("    only:\n      cluster:\n        architecture: \"arm64\"\n"), "{text}");
    let error = written("architecture = \"s390x\"\n", &lock).unwrap_err();
    assert!(error.contains("is not locked for linux/s390x"), "{error}");
}

#[test]
fn a_component_has_the_name_that_it_is_given() {
    let text = written("component = \"base-images\"\n", &Lockfile::default()).unwrap();
    assert!(text.contains("  - name: \"base-images\"\n") && text.ends_with("    images: []\n"), "{text}");
    for wrong in ["Base", "-a", "", "a_b", "a\\nb"] {
        let error = written(&format!("component = \"{wrong}\"\n"), &two()).unwrap_err();
        assert!(error.contains("components are called by"), "{error}");
    }
}

#[derive(Deserialize)]
struct Package {
    components: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    images: Vec<String>,
}

proptest! {
    #[test]
    fn a_parser_reads_back_what_publishers_wrote(name in arbitrary::image_name(), image in arbitrary::locked_image()) {
        let text = written("", &Lockfile { images: [(name, image.clone())].into(), ..Lockfile::default() }).unwrap();
        let read: Package = serde_saphyr::from_str(&text).unwrap();
        let expected: Vec<String> = image.tagged().iter().map(ToString::to_string).collect();
        prop_assert_eq!(&read.components[0].images, &expected);
    }
}
