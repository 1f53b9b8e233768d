use imagelock_adapter::{Adapter, MemoryTree, Ownership};
use imagelock_core::project::{ProjectError, TargetTable};
use imagelock_scan::formats::{Compose, Dockerfile, Plain, Words};

use super::*;
use crate::testing::{digest, lock, render};

/// Pins Compose files and, for all other files, Dockerfiles; with `only-marked`, what markers name in any text.
struct Stub;

impl Adapter for Stub {
    fn id(&self) -> &'static str {
        "stub"
    }

    fn about(&self) -> &'static str {
        "images in place"
    }

    fn read(&self, table: &TargetTable) -> Result<Box<dyn Target>, Vec<ProjectError>> {
        read(table).map(|target| Box::new(target) as Box<dyn Target>)
    }
}

fn read(table: &TargetTable) -> Result<InPlace, Vec<ProjectError>> {
    let mut fields = Fields::new(&table.node, "[[stub]]").map_err(|error| vec![error])?;
    let in_place = InPlace::read("stub", "[[stub]]", &table.node.at, &mut fields);
    let marked = fields.flag("only-marked");
    fields.finish()?;
    let formats: Vec<Box<dyn Format>> = if marked {
        vec![Box::new(Plain { words: Words::Text })]
    } else {
        vec![Box::new(Compose), Box::new(Dockerfile)]
    };
    Ok(InPlace { formats, marked, unreadable: (!marked).then_some("leave it out"), ..in_place })
}

/// The outputs of a table with these keys: each path, and its text.
fn outputs(keys: &str, tree: &MemoryTree) -> Result<Vec<Output>, String> {
    let locked = lock(&[("db", "postgres:16.9", 'a'), ("web", "ghcr.io/acme/web:1", 'b')]);
    render(&Stub, &format!("[[stub]]\n{keys}\n"), &locked, tree)
}

fn texts(outputs: &[Output]) -> Vec<(&str, &str)> {
    outputs.iter().map(|output| (output.path.as_str(), std::str::from_utf8(&output.content).unwrap())).collect()
}

#[test]
fn a_table_is_called_by_its_files_and_names_its_images() {
    let source = "[[stub]]\nedit = [\"a\", \"**/b\"]\nimages = [\"db\"]\n";
    let source =
        imagelock_core::project::Source::ImagesToml(imagelock_core::source::SourceFile::new("images.toml", source));
    let project = imagelock_core::Project::parse(&[source], &["stub"]).unwrap();
    let target = read(&project.targets[0]).unwrap();
    assert_eq!(target.title(), "stub a, **/b");
    let images: Vec<String> = target.images().iter().map(|image| image.value.to_string()).collect();
    assert_eq!(images, ["db"]);
}

#[test]
fn the_first_format_that_claims_a_file_reads_it_and_the_last_reads_all_others() {
    let tree = MemoryTree::default()
        .file("compose.yaml", "services: {a: {image: postgres:16.9}}\n")
        .file("Dockerfile", "FROM postgres:16.9\n")
        .file("image.txt", "FROM postgres:16.9\n");
    let pin = format!("postgres:16.9@{}", digest('a'));
    let (compose, from) = (format!("services: {{a: {{image: {pin}}}}}\n"), format!("FROM {pin}\n"));
    let outputs = outputs("edit = \"*\"", &tree).unwrap();
    let expected = [("Dockerfile", from.as_str()), ("compose.yaml", compose.as_str()), ("image.txt", from.as_str())];
    assert_eq!(texts(&outputs), expected);
    assert!(outputs.iter().all(|output| output.ownership == Ownership::Edited && output.uses.len() == 1));
}

#[test]
fn a_place_that_stays_is_told_and_an_error_where_the_table_is_strict() {
    let tree = MemoryTree::default().file("Dockerfile", "FROM postgres:16.9\nFROM redis:8\n").file("D2", "FROM x:1\n");
    let told = outputs("edit = [\"Dockerfile\", \"D2\"]", &tree).unwrap();
    let kept: Vec<_> = told.iter().flat_map(|output| &output.kept).map(|left| left.reason.as_str()).collect();
    assert_eq!(kept, ["FROM: `x:1` is not in images.lock", "FROM: `redis:8` is not in images.lock"]);
    let error = outputs("edit = [\"Dockerfile\", \"D2\"]\nstrict = true", &tree).unwrap_err();
    let expected = "FROM: `x:1` is not in images.lock\nD2:1:6 \"x:1\"\nDockerfile:2:6 \"redis:8\" FROM: `redis:8` is not in images.lock\n";
    assert!(error.starts_with(expected), "{error}");
    assert!(error.contains("`strict` asks for every image\nhelp: declare it with `{command} add`"), "{error}");
    assert!(outputs("edit = \"Dockerfile\"\nimages = [\"db\"]\nstrict = true", &tree).is_err());
    let pinned = MemoryTree::default().file("Dockerfile", "FROM postgres:16.9\n");
    assert!(outputs("edit = \"Dockerfile\"\nstrict = true", &pinned).is_ok());
}

#[test]
fn all_files_that_cannot_be_read_are_told_each_with_what_asked_for_it_and_what_to_do() {
    let tree = MemoryTree::default().file("compose.yaml", "services: [\n").file("sub/compose.yaml", "services: {\n");
    let error = outputs("edit = \"**/compose.yaml\"", &tree).unwrap_err();
    for path in ["compose.yaml", "sub/compose.yaml"] {
        assert!(error.contains(&format!("`{path}` cannot be read as ")), "{error}");
    }
    for told in ["\"**/compose.yaml\" asked for here\n", "help: leave it out\n"] {
        assert_eq!(error.matches(told).count(), 2, "{error}");
    }
    // What says itself what to do is told as it is.
    let tree = MemoryTree::default().file("Dockerfile", "# imagelock: absent\nFROM x\n");
    let error = outputs("edit = \"Dockerfile\"", &tree).unwrap_err();
    assert!(
        error.ends_with("help: run `{command} lock` if the image is new\n") && !error.contains("asked for"),
        "{error}"
    );
}

#[test]
fn a_table_of_markers_edits_the_files_that_have_some_and_reads_no_others() {
    let tree = MemoryTree::default()
        .file("a", "x = 'postgres:15' # imagelock: db\n")
        .file("b", "y = 'postgres:15'\n")
        .file("c", "# imagelock: ignore\nz = 'postgres:15'\n");
    let keys = "edit = \"*\"\nonly-marked = true";
    let pinned = format!("x = 'postgres:16.9@{}' # imagelock: db\n", digest('a'));
    assert_eq!(texts(&outputs(keys, &tree).unwrap()), [("a", pinned.as_str())]);
    let error = outputs(keys, &MemoryTree::default().file("b", "y = 'postgres:15'\n")).unwrap_err();
    assert!(error.starts_with("no file here has a marker\nimages.toml:2:9 \"*\"\nhelp: write a comment"), "{error}");
    // Without `only-marked`, files in which nothing is to do are no mistake.
    assert!(outputs("edit = \"b\"", &MemoryTree::default().file("b", "FROM scratch\n")).is_ok());
}
