//! The contract as an adapter meets it: what it may ask of a context and of a tree, and what it hands back.

use std::sync::Mutex;

use camino::{Utf8Path, Utf8PathBuf};
use imagelock_core::project::{Fields, ProjectError, TargetTable};
use imagelock_core::source::{Located as _, Location, SourceFile, Spanned};
use imagelock_core::{ImageName, Origin};

use crate::testing::{digest, lock, only, render, with_context};
use crate::{
    Adapter, Common, Context, Left, MemoryTree, Output, Ownership, PLACEHOLDER, Problem, RenderError, Rewrites, Seal,
    Target, Tree, TreeError, Use, Visitor,
};

/// The smallest adapter: the references of a table's images, each on a line behind what is known of it.
struct Small;

struct Lines(Common);

impl Adapter for Small {
    fn id(&self) -> &'static str {
        "small"
    }

    fn about(&self) -> &'static str {
        "a line for each image"
    }

    fn read(&self, table: &TargetTable) -> Result<Box<dyn Target>, Vec<ProjectError>> {
        let mut fields = Fields::new(&table.node, "[[small]]").map_err(|error| vec![error])?;
        let common = Common::read(&mut fields);
        fields.finish()?;
        Ok(Box::new(Lines(common)))
    }
}

impl Target for Lines {
    fn title(&self) -> String {
        "small".to_owned()
    }

    fn images(&self) -> Vec<Spanned<ImageName>> {
        self.0.images.clone().unwrap_or_default()
    }

    fn render(&self, context: &Context<'_>) -> Result<Vec<Output>, RenderError> {
        let images = context.images(self.0.images.as_deref())?;
        let output = self.0.output.as_ref().unwrap();
        let text: String = images.iter().map(|image| format!("{}: {}\n", image.about(), image.tagged())).collect();
        Ok(vec![Output::edited(&output.value, text.into_bytes(), &output.at)])
    }
}

const PROJECT: &str = "[[small]]\noutput = \"a\"\n";

fn place(text: &str) -> Location {
    Location::new(&SourceFile::new("images.toml", text), 0..text.len())
}

fn name(text: &str) -> ImageName {
    text.parse().unwrap()
}

#[test]
fn an_adapter_that_says_no_more_is_narrow_covers_nothing_and_pins_nothing_elsewhere() {
    let target = Lines(Common { output: None, images: None });
    assert!(!target.is_wide() && target.covers().is_empty() && Small.pins_elsewhere().is_empty());
}

#[test]
fn a_target_takes_the_images_that_it_names_once_each_in_the_order_of_their_names() {
    let locked = lock(&[("a", "acme/a:1", 'a'), ("b", "acme/b:2", 'b'), ("c", "acme/c:3", 'c')]);
    let project = format!("{PROJECT}images = [\"c\", \"a\", \"c\"]\n");
    let text = only(&Small, &project, &locked, &MemoryTree::default()).unwrap();
    let images: Vec<&str> = text.lines().filter_map(|line| line.rsplit_once(": ")?.1.split('@').next()).collect();
    assert_eq!(images, ["docker.io/acme/a:1", "docker.io/acme/c:3"]);
}

#[test]
fn a_target_that_names_none_takes_all_that_a_registry_has() {
    let mut locked = lock(&[("a", "acme/a:1", 'a'), ("local", "acme/b:2", 'b')]);
    locked.images.get_mut("local").unwrap().origin = Origin::Layout("oci".into());
    let text = only(&Small, PROJECT, &locked, &MemoryTree::default()).unwrap();
    assert_eq!(text, format!("1, 12 Nov 2026: docker.io/acme/a:1@{}\n", digest('a')));
}

#[test]
fn an_image_that_cannot_be_written_is_told_at_its_name_with_what_to_do() {
    let mut locked = lock(&[("local", "acme/b:2", 'b')]);
    locked.images.get_mut("local").unwrap().origin = Origin::Layout("oci".into());
    let told = |images: &str| {
        let project = format!("{PROJECT}images = [{images}]\n");
        render(&Small, &project, &locked, &MemoryTree::default()).unwrap_err()
    };
    assert_eq!(told("\"web\""), "`web` is not in images.lock\nimages.toml:3:12 \"web\"\nhelp: run `{command} lock`\n");
    assert_eq!(
        told("\"local\""),
        "`local` comes from an OCI layout: it has no repository that could be written here\n\
         images.toml:3:12 \"local\"\n\
         help: name the images that this target takes: `images = [\"…\"]`\n"
    );
}

#[test]
fn a_registry_is_written_in_anothers_place_and_tag_and_digest_stay() {
    let locked = lock(&[("a", "ghcr.io/acme/a:1", 'a'), ("b", "quay.io/acme/b:2", 'b')]);
    let project = format!("{PROJECT}[registries.\"ghcr.io\"]\nrewrite = \"mirror.example/hub\"\n");
    let text = only(&Small, &project, &locked, &MemoryTree::default()).unwrap();
    assert!(text.contains(&format!(": mirror.example/hub/acme/a:1@{}\n", digest('a'))), "{text}");
    assert!(text.contains(&format!(": quay.io/acme/b:2@{}\n", digest('b'))), "{text}");
    // What the command line asks for comes last, and so first.
    let mut rewrites = Rewrites::default();
    rewrites.insert("quay.io".parse().unwrap(), "mirror.example".parse().unwrap());
    with_context(&locked, |context| {
        let context = Context { rewrites: &rewrites, ..*context };
        let image = context.image(&name("b"), None).unwrap();
        assert_eq!(image.pinned().to_string(), format!("mirror.example/acme/b@{}", digest('b')));
        assert_eq!((image.tag().map(ToString::to_string).as_deref(), image.digest()), (Some("2"), &digest('b')));
    });
}

#[test]
fn what_is_told_of_an_image_is_its_tag_its_version_and_its_day_each_where_it_says_more() {
    let mut locked = lock(&[("a", "acme/a:1", 'a')]);
    let mut about = |tag: Option<&str>, version: Option<&str>, created: Option<&str>| {
        let image = locked.images.get_mut("a").unwrap();
        image.tag = tag.map(|tag| tag.parse().unwrap());
        image.version = version.map(str::to_owned);
        image.created = created.map(|created| created.parse().unwrap());
        with_context(&locked, |context| context.image(&name("a"), None).unwrap().about())
    };
    let day = Some("2026-11-23T08:31:02Z");
    assert_eq!(about(Some("latest"), Some("1.24.3"), day), "latest, 1.24.3, 23 Nov 2026");
    assert_eq!(about(Some("1.24.3"), Some("1.24.3"), day), "1.24.3, 23 Nov 2026");
    assert_eq!(about(None, Some("1.24.3"), None), "1.24.3");
    // Builds that strip the time say 1970.
    assert_eq!(about(None, None, Some("1970-01-01T00:00:00Z")), "");
}

#[test]
fn several_mistakes_are_told_one_by_one_with_all_their_places_and_helps() {
    let problem = |text: &str| Problem::at(&place(text), format!("mistake {text}")).help(format!("mend {text}"));
    let third = problem("c").also(&place("d"), "see here");
    let inner = RenderError::Several(vec![problem("b").into(), third.into()]);
    let all = RenderError::Several(vec![problem("a").into(), inner]);
    assert_eq!(all.to_string(), "mistake a; mistake b; mistake c");
    assert_eq!(all.help(), ["mend a", "mend b", "mend c"]);
    let labels = all.labels();
    let said: Vec<_> = labels
        .iter()
        .map(|label| (&label.at.file.text()[label.at.span.clone()], label.text.as_str(), label.primary))
        .collect();
    assert_eq!(said, [("a", "", true), ("b", "", true), ("c", "", true), ("d", "see here", false)]);
    let each: Vec<String> = all.each().iter().map(ToString::to_string).collect();
    assert_eq!(each, ["mistake a", "mistake b", "mistake c"]);
    let tree = RenderError::from(TreeError { path: "a".into(), reason: "it is a door".to_owned() });
    assert!(tree.labels().is_empty() && tree.help().is_empty());
}

#[test]
fn an_output_says_whose_it_is_and_which_images_it_has() {
    let at = place("x");
    let generated = Output::generated("a", &format!("# {PLACEHOLDER}\n"), &at).unwrap();
    assert_eq!((generated.ownership, Seal::of(&generated.content)), (Ownership::Generated, Seal::Intact));
    assert!(Output::generated("a", "no head\n", &at).is_err());

    let edited = Output::edited("a", b"text".to_vec(), &at);
    assert_eq!((edited.ownership, edited.content.as_slice()), (Ownership::Edited, &b"text"[..]));

    let left = Left { at: at.clone(), reason: "it stays".to_owned() };
    let told = Output::told("a", left.clone(), &at);
    assert_eq!((told.ownership, told.content, told.kept), (Ownership::Told, Vec::new(), vec![left]));

    let (web, db) = (name("web"), name("db"));
    let output = edited.with([&web, &db, &web]).warn("first").warn("second");
    let used = |image: &ImageName| Use { image: image.clone(), at: None, moved: None };
    assert_eq!(output.uses, [used(&db), used(&web)]);
    assert_eq!(output.warnings, ["first", "second"]);
}

fn tree(paths: &[&str]) -> MemoryTree {
    paths.iter().fold(MemoryTree::default(), |tree, path| tree.file(*path, path.as_bytes()))
}

#[test]
fn a_search_enters_no_folder_of_a_tool_and_no_other_project() {
    let paths = [
        ".git/config",
        ".github/ci.yml",
        "a.yml",
        "images.toml",
        "sub/.terraform/b.yml",
        "sub/b.yml",
        "sub/inner/images.toml",
        "sub/inner/deep/c.yml",
        "sub/innermost/d.yml",
        "sub/node_modules/e.yml",
        "target/f.yml",
    ];
    let tree = tree(&paths);
    let search = |folder: &str| tree.search(Utf8Path::new(folder)).unwrap();
    assert_eq!(search(""), [".github/ci.yml", "a.yml", "images.toml", "sub/b.yml", "sub/innermost/d.yml"]);
    assert_eq!(search("sub"), ["sub/b.yml", "sub/innermost/d.yml"]);
    assert!(search("sub/inner").is_empty() && search("absent").is_empty());
    assert_eq!(tree.files(Utf8Path::new("sub/inner")).unwrap(), ["sub/inner/deep/c.yml", "sub/inner/images.toml"]);
}

/// Wants files of YAML that begin with `a`, and keeps what it is shown.
#[derive(Default)]
struct Shown(Mutex<Vec<(Utf8PathBuf, Vec<u8>)>>);

impl Visitor for Shown {
    fn is_named(&self, path: &Utf8Path) -> bool {
        path.extension() == Some("yml")
    }

    fn is_wanted(&self, _: &Utf8Path, head: &[u8]) -> bool {
        assert!(head.len() <= 2, "only the head is asked for");
        head.starts_with(b"a")
    }

    fn visit(&self, path: &Utf8Path, content: Result<Vec<u8>, TreeError>) {
        self.0.lock().unwrap().push((path.to_owned(), content.unwrap()));
    }
}

#[test]
fn a_visit_shows_each_file_once_that_is_wanted_by_its_name_and_its_head() {
    let tree = MemoryTree::default()
        .file("a.yml", "a: 1")
        .file("b.yml", "b: 1")
        .file("a.txt", "a: 1")
        .file("sub/c.yml", "a: 2")
        .file("target/d.yml", "a: 3");
    let visit = |starts: &[&str]| {
        let shown = Shown::default();
        let starts: Vec<Utf8PathBuf> = starts.iter().map(Utf8PathBuf::from).collect();
        tree.visit(&starts, 2, &shown).unwrap();
        shown.0.into_inner().unwrap()
    };
    let all = [("a.yml".into(), b"a: 1".to_vec()), ("sub/c.yml".into(), b"a: 2".to_vec())];
    assert_eq!(visit(&["", "a.yml", "sub"]), all);
    // What is named in full is shown wherever it lies.
    assert_eq!(visit(&["target/d.yml"]), [("target/d.yml".into(), b"a: 3".to_vec())]);
}

#[test]
fn a_text_is_read_whole_or_refused() {
    let tree = MemoryTree::default().file("a", "é").file("latin", b"\xe9".to_vec());
    assert_eq!(tree.read_text(Utf8Path::new("a")).unwrap().as_deref(), Some("é"));
    assert_eq!(tree.read_text(Utf8Path::new("b")), Ok(None));
    let error = tree.read_text(Utf8Path::new("latin")).unwrap_err();
    assert_eq!(error.to_string(), "cannot read `latin`: it is not UTF-8");
}
