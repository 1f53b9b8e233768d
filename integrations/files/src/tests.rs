use imagelock_adapter::{MemoryTree, Output, Ownership, PLACEHOLDER};
use imagelock_core::source::SourceFile;
use imagelock_edit::testing::{digest, lock, render};

use super::*;

fn run(table: &str, tree: &MemoryTree) -> Result<Vec<Output>, String> {
    let lock = lock(&[("db", "postgres:16.9", 'a'), ("web", "ghcr.io/acme/web:1.10", 'b')]);
    render(&AllFiles, &format!("[[files]]\n{table}"), &lock, tree)
}

/// The files that are written, with `@A` and `@B` for the digests.
fn written(outputs: &[Output]) -> Vec<(String, String)> {
    let short = |text: String| text.replace(digest('a').as_str(), "A").replace(digest('b').as_str(), "B");
    let edited = outputs.iter().filter(|output| output.ownership == Ownership::Edited);
    let text = |output: &Output| short(String::from_utf8(output.content.clone()).unwrap());
    edited.map(|output| (output.path.to_string(), text(output))).collect()
}

fn kept(outputs: &[Output]) -> Vec<String> {
    let kept = outputs.iter().flat_map(|output| &output.kept);
    kept.map(|left| format!("{}: {}", left.at, left.reason)).collect()
}

fn tree() -> MemoryTree {
    MemoryTree::default()
        .file("Dockerfile", "FROM postgres:16.9\n")
        .file("compose.yaml", "services: {a: {image: 'ghcr.io/acme/web:1.10'}}\n")
        .file("tools/run.sh", "docker run postgres:16.9\nIMAGE=postgres:15 # imagelock: db\n")
        .file("notes.txt", "postgres:16.9\n")
        .file("logo.png", b"\x89PNG\0imagelock: db".to_vec())
}

#[test]
fn every_file_is_read_in_its_format_and_what_is_only_possible_needs_a_marker() {
    let outputs = run("edit = ['**']\n", &tree()).unwrap();
    assert_eq!(
        written(&outputs),
        [
            ("Dockerfile", "FROM postgres:16.9@A\n"),
            ("compose.yaml", "services: {a: {image: 'ghcr.io/acme/web:1.10@B'}}\n"),
            ("tools/run.sh", "docker run postgres:16.9\nIMAGE=postgres:16.9@A # imagelock: db\n"),
        ]
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
    );
    assert_eq!(kept(&outputs), [""; 0]);
}

#[test]
fn a_table_takes_the_formats_and_the_files_that_it_names() {
    let paths = |table: &str| {
        let outputs = run(table, &tree()).unwrap();
        written(&outputs).into_iter().map(|(path, _)| path).collect::<Vec<_>>()
    };
    assert_eq!(paths("edit = ['**']\nformats = ['dockerfile', 'shell']\n"), ["Dockerfile", "tools/run.sh"]);
    assert_eq!(paths("edit = ['**']\nexclude = ['tools', '*.yaml']\n"), ["Dockerfile"]);
    assert_eq!(paths("edit = ['**', 'tools/run.sh']\nexclude = ['tools', '*.yaml']\n"), ["Dockerfile", "tools/run.sh"]);
    assert_eq!(paths("edit = '**'\nimages = ['web']\nformats = ['compose']\n"), ["compose.yaml"]);
}

#[test]
fn what_cannot_be_read_keeps_no_other_file_from_being_pinned() {
    let tree = tree()
        .file("a/Dockerfile", "NOTHING x\n")
        .file("b/compose.yaml", "services: {a: {image: \u{e9}\0}}\n")
        .file("c/docker-compose.yml", b"services: \xe9\n".to_vec())
        .file("docs/README.md", "`x:1` # imagelock: NAME\n");
    let outputs = run("edit = ['**']\n", &tree).unwrap();
    assert_eq!(written(&outputs).len(), 3);
    let kept = kept(&outputs);
    assert_eq!(kept.len(), 4, "{kept:?}");
    assert!(kept[0].starts_with("a/Dockerfile:1:1: `a/Dockerfile` cannot be read as a Dockerfile: "), "{kept:?}");
    assert_eq!(
        kept[1..],
        [
            "b/compose.yaml:1:1: `b/compose.yaml` is not text in UTF-8",
            "c/docker-compose.yml:1:1: `c/docker-compose.yml` is not text in UTF-8",
            "docs/README.md:1:20: there is no image `NAME` in images.lock",
        ]
    );
    let error = run("edit = ['**']\nstrict = true\n", &tree).unwrap_err();
    assert!(error.contains("\na/Dockerfile:1:1") && error.contains("docs/README.md:1:20"), "{error}");
}

#[test]
fn a_wrong_marker_in_a_file_of_a_format_is_a_mistake() {
    let tree = tree().file("a/Dockerfile", "# imagelock: dbb\nFROM postgres:15\n");
    let error = run("edit = ['**']\n", &tree).unwrap_err();
    assert!(error.starts_with("there is no image `dbb` in images.lock\na/Dockerfile:1:14"), "{error}");
}

#[test]
fn a_marker_of_a_part_is_read_as_in_any_text_where_keys_hold_an_image_together() {
    let values = "db:\n  image:\n    repository: postgres\n    tag: \"15\" # imagelock: db:tag\nwebImage: ghcr.io/acme/web:1.10\n";
    let outputs = run("edit = '**'\n", &MemoryTree::default().file("values.yaml", values)).unwrap();
    let expected = values.replace("15", "16.9").replace("web:1.10", "web:1.10@B");
    assert_eq!(written(&outputs), [("values.yaml".to_owned(), expected)]);
    assert_eq!((outputs[0].uses.len(), kept(&outputs)), (2, Vec::new()));
}

#[test]
fn a_place_that_stays_beside_a_marker_of_a_part_is_told() {
    let values = "db:\n  image:\n    repository: postgres\n    tag: \"15\" # imagelock: db:tag\nother:\n  image:\n    repository: redis\n    tag: '8'\n";
    let outputs = run("edit = '**'\n", &MemoryTree::default().file("values.yaml", values)).unwrap();
    let kept = kept(&outputs);
    assert!(kept.len() == 1 && kept[0].ends_with("`redis:8` is not in images.lock"), "{kept:?}");
}

#[test]
fn a_file_without_images_and_what_is_no_text_come_to_nothing() {
    let tree = tree().file("a/Dockerfile", "FROM scratch\n").file("latin.txt", b"\xe9 imagelock: db\n".to_vec());
    let outputs = run("edit = '**'\n", &tree).unwrap();
    let paths: Vec<&str> = outputs.iter().map(|output| output.path.as_str()).collect();
    assert_eq!(paths, ["Dockerfile", "compose.yaml", "tools/run.sh"]);
}

#[test]
fn a_table_is_called_by_its_files_names_its_images_and_comes_after_all_others() {
    let source = SourceFile::new("images.toml", "[[files]]\nedit = ['a', '**/b']\nimages = ['web', 'db']\n");
    let source = imagelock_core::project::Source::ImagesToml(source);
    let project = imagelock_core::Project::parse(&[source], &["files"]).unwrap();
    let target = AllFiles.read(&project.targets[0]).unwrap();
    let images: Vec<String> = target.images().iter().map(|image| image.value.to_string()).collect();
    assert_eq!((target.title().as_str(), target.is_wide()), ("files a, **/b", true));
    assert_eq!(images, ["web", "db"]);
}

#[test]
fn a_variable_whose_values_are_pinned_is_not_told_of() {
    let workflow = "on: push\njobs:\n  a:\n    runs-on: x\n    strategy: {matrix: {image: ['postgres:16.9', 'ghcr.io/acme/web:1.10']}}\n    container: ${{ matrix.image }}\n";
    let tree = MemoryTree::default().file(".github/workflows/a.yml", workflow);
    let outputs = run("edit = '**'\nstrict = true\n", &tree).unwrap();
    let expected = workflow.replace("16.9", "16.9@A").replace("1.10", "1.10@B");
    assert_eq!(written(&outputs), [(".github/workflows/a.yml".to_owned(), expected)]);
    let error = run(
        "edit = '**'\nstrict = true\n",
        &tree.file(".github/workflows/a.yml", workflow.replace("'postgres", "'${{ x }}', 'postgres")),
    )
    .unwrap_err();
    assert!(error.contains("jobs.a.container: `${{ matrix.image }}` is decided by a variable"), "{error}");
}

#[test]
fn a_file_that_imagelock_wrote_is_not_edited() {
    let at = Location::new(&SourceFile::new("images.toml", ""), 0..0);
    let written = Output::generated("x/Dockerfile", &format!("# {PLACEHOLDER}\nFROM postgres:16.9\n"), &at).unwrap();
    let tree = MemoryTree::default().file("x/Dockerfile", written.content);
    assert_eq!(run("edit = '**'\n", &tree).unwrap(), []);
}

#[test]
fn mistakes_in_the_table_show_their_place() {
    let wrong = |table: &str| run(table, &tree()).unwrap_err();
    assert!(wrong("").contains("needs `edit`\nimages.toml:1:1"), "{}", wrong(""));
    assert!(wrong("edit = '**'\noutput = 'b'\n").contains("pinned in place"));
    assert!(wrong("edit = ['**', 'none/**']\n").starts_with("no file is named by `none/**`\nimages.toml:2:"));
    let error = wrong("edit = '**'\nformats = ['compose', 'helm-value']\n");
    assert!(
        error.starts_with("there is no format `helm-value`: did you mean `helm-values`?\nimages.toml:3:"),
        "{error}"
    );
}
