//! What holds for any lock and any text.

use imagelock_core::{ImageName, arbitrary};
use proptest::prelude::*;

use super::*;

/// An Earthfile with what is pinned and what is not.
const EARTHFILE: &str = "FROM alpine:3.20\nARG X=alpine:3.20\nt:\n  FROM \"alpine:3.20\"\n  FROM alpine:3.19\n  WITH DOCKER --pull alpine:3.20 \\\n  RUN a \\\nRUN 'a \\\nb' # c\n";

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_generated_is_read_back_by_another_parser(lock in arbitrary::lockfile()) {
        let outputs = match render("output = \"Earthfile\"\n", &lock) {
            Ok(outputs) => outputs,
            // Names that are no targets have tests of their own.
            Err(error) => {
                prop_assert!(matches!(error, RenderError::Problem(_)), "{error}");
                return Ok(());
            }
        };
        let text = String::from_utf8(outputs[0].content.clone()).unwrap();
        // The other parser knows neither hosts in brackets nor the doubled separators of repositories.
        prop_assume!(!["FROM [", "--", "__"].iter().any(|part| text.contains(part)));
        let expected: Vec<(String, String)> = lock
            .images
            .iter()
            .filter_map(|(name, image)| Some((name.as_str().replace('_', "-"), image.tagged()?.to_string())))
            .collect();
        prop_assert_eq!(targets(&text), expected);
    }

    #[test]
    fn only_references_change_and_a_second_run_changes_nothing(text in imagelock_edit::testing::texts(EARTHFILE)) {
        let lock = lock(&[("alpine", "alpine:3.20", "a", "")]);
        let edit = |text: &str| {
            let tree = MemoryTree::default().file("Earthfile", text);
            let outputs = render_with("edit = [\"Earthfile\"]\n", &lock, &tree, &Rewrites::default());
            outputs.map(|outputs| String::from_utf8(outputs[0].content.clone()).unwrap())
        };
        // A marker without an image has a test of its own.
        let Ok(edited) = edit(&text) else { return Ok(()) };
        prop_assert_eq!(&edit(&edited).unwrap(), &edited);
        let pin = format!("@{}", digest("a"));
        let without = |text: &str| text.replace(&pin, "");
        prop_assert_eq!(without(&edited), without(&text));
        prop_assert_eq!(edited.matches('\n').count(), text.matches('\n').count());
        prop_assert_eq!(edited.matches("\r\n").count(), text.matches("\r\n").count());
    }

    #[test]
    fn any_name_becomes_a_target_or_an_error(name in arbitrary::image_name()) {
        let _: &ImageName = &name;
        let lock = lock(&[(name.as_str(), "nginx:1", "a", "")]);
        match render("output = \"Earthfile\"\n", &lock) {
            Ok(outputs) => {
                let text = String::from_utf8(outputs[0].content.clone()).unwrap();
                let target = &targets(&text)[0].0;
                prop_assert!(target.starts_with(|c: char| c.is_ascii_lowercase()) && target != "base");
            }
            Err(error) => {
                prop_assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
            }
        }
    }
}
