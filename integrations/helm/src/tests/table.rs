use imagelock_edit::testing;

use super::{chart, lock};
use crate::Helm;

fn error(table: &str) -> String {
    testing::only(&Helm, &format!("[[helm]]\n{table}\n"), &lock(), &chart("image: x\n", "")).unwrap_err()
}

#[test]
fn a_mistake_in_the_table_is_shown_where_it_is() {
    for (table, expected) in [
        ("output = 'o'\nvalues = { image = 'web' }", "needs `chart`"),
        ("chart = 'chart'\nvalues = { image = 'web' }", "needs `output`"),
        ("chart = 'chart'\noutput = 'o'", "needs `values`"),
        (
            "chart = 'chart'\noutput = 'o'\nedit = 'e'\nvalues = { image = 'web' }",
            "`output` and `edit` exclude each other",
        ),
        ("chart = 'chart'\noutput = '../o'\nvalues = { image = 'web' }", "`output` is a path inside the repository"),
        ("chart = 'chart'\noutput = 'o'\nvalues = { 'a..b' = 'web' }", "a path is keys with `.` between them"),
        ("chart = 'chart'\noutput = 'o'\nvalues = { image = 'Web' }", "an image is named with lower-case letters"),
        ("chart = 'chart'\noutput = 'o'\nvalues = { image = 1 }", "`image` is an image's name, or a table"),
        (
            "chart = 'chart'\noutput = 'o'\nvalues = { image = 'web' }\ncheck-with = ['../prod.yaml']",
            "`check-with` names values files by paths inside the repository",
        ),
        (
            "chart = 'chart'\noutput = 'o'\nvalues = { image = 'web' }\ncheck-with = ['/prod.yaml']",
            "`check-with` names values files by paths inside the repository",
        ),
        ("chart = 'chart'\noutput = 'o'\nvalues = ['image']", "`values` is a table of paths and images"),
        (
            "chart = 'chart'\noutput = 'o'\nvalues = { image = { image = 'web', shape = 'sha' } }",
            "`sha` is not a shape: the shapes are `string`, `digest`, `digest-hex`, `use-digest`, `sha-hex`, `sha-prefixed`, \
             `tag-digest`",
        ),
        ("chart = 'chart'\noutput = 'o'\nvalues = { image = { shape = 'digest' } }", "needs `image`"),
        ("chart = 'chart'\noutput = 'o'\nvalue = { image = 'web' }", "needs `values`"),
        ("chart = 'chart'\noutput = 'o'\nvalues = { image = 'nothing' }", "`nothing` is not in images.lock"),
        ("chart = 'chart'\noutput = 'chart/templates/o'\nvalues = { image = 'web' }", "is a place of templates"),
        ("chart = 'chart'\noutput = 'o'\n[[helm.fields]]\nimage = 'web'", "needs `set`"),
        (
            "chart = 'chart'\noutput = 'o'\n[[helm.fields]]\nimage = 'web'\nset = { a = '{x}' }",
            "the places that an image fills",
        ),
        (
            "chart = 'chart'\noutput = 'o'\n[[helm.fields]]\nimage = 'web'\nset = { a = 1 }",
            "`a` is a text or a boolean",
        ),
    ] {
        let error = error(table);
        assert!(error.contains(expected), "{table}\n{error}");
        assert!(error.contains("images.toml:"), "{table}\n{error}");
    }
}

#[test]
fn the_images_of_a_target_are_those_that_it_names() {
    let source = imagelock_core::source::SourceFile::new(
        "images.toml",
        "[[helm]]\nchart = 'c'\noutput = 'o'\nvalues = { a = 'web' }\n[[helm.fields]]\nimage = 'db'\nset = { b = 'x' }\n",
    );
    let project =
        imagelock_core::Project::parse(&[imagelock_core::project::Source::ImagesToml(source)], &["helm"]).unwrap();
    let target = imagelock_adapter::Adapter::read(&Helm, &project.targets[0]).unwrap();
    let names: Vec<String> = target.images().into_iter().map(|name| name.value.to_string()).collect();
    assert_eq!(names, ["web", "db"]);
    assert_eq!(target.title(), "helm c");
    assert_eq!(target.covers(), ["c/values.yaml"]);
    let run = crate::Run::of(&project.targets[0]).unwrap().unwrap();
    assert_eq!(run.arguments(), ["template", "imagelock", "./c", "--values", "./o"]);
}
