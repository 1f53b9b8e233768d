use imagelock_adapter::MemoryTree;
use imagelock_core::source::Located as _;

use super::*;

fn patterns(texts: &[&str]) -> Vec<Spanned<String>> {
    let file = SourceFile::new("images.toml", "");
    let at = Location::new(&file, 0..0);
    texts.iter().map(|text| Spanned { value: (*text).to_owned(), at: at.clone() }).collect()
}

fn named(texts: &[&str]) -> Result<Vec<String>, RenderError> {
    let tree = ["a.yaml", "ci/b.yml", "ci/deep/c.yml", "Dockerfile", "x/Dockerfile", "vendor/d.yml", "a/skipped/e.yml"]
        .iter()
        .chain(&["node_modules/e.yml", "a/.terraform/e.yml", "target/e.yml", "inner/images.toml", "inner/f.yml"])
        .fold(MemoryTree::default(), |tree, path| tree.file(*path, "text\n"));
    let tree = tree.file("image.png", b"\x89PNG\0".to_vec()).file("latin", b"\xe9".to_vec()).file("nul", "a\0");
    let files = Files { edit: patterns(texts), exclude: patterns(&["vendor", "**/skipped*"]) };
    files.find(&tree).map(|files| files.iter().map(|file| file.text.path().to_string()).collect())
}

#[test]
fn a_glob_enters_no_folder_that_is_excluded_or_not_of_this_project() {
    assert_eq!(named(&["**/*.yml"]).unwrap(), ["ci/b.yml", "ci/deep/c.yml"]);
    assert_eq!(named(&["vendor/d.yml"]).unwrap(), ["vendor/d.yml"]);
    assert!(named(&["vendor/*.yml"]).is_err() && named(&["**/e.yml"]).is_err() && named(&["inner/*.yml"]).is_err());
}

#[test]
fn a_star_stays_in_its_folder_and_two_do_not() {
    assert_eq!(named(&["ci/*.yml"]).unwrap(), ["ci/b.yml"]);
    assert_eq!(named(&["ci/**/*.yml"]).unwrap(), ["ci/b.yml", "ci/deep/c.yml"]);
    assert_eq!(named(&["**/Dockerfile", "./Dockerfile", "*.yaml"]).unwrap(), ["Dockerfile", "a.yaml", "x/Dockerfile"]);
}

#[test]
fn a_pattern_that_cannot_be_matched_is_refused_and_stops_nothing() {
    let nested = |depth: usize| format!("{}*{}.yaml", "{a,".repeat(depth), "}".repeat(depth));
    assert_eq!(named(&[nested(DEEPEST).as_str()]).unwrap(), ["a.yaml"]);
    assert!(compiled(&"{a,b}".repeat(DEEPEST + 1)).is_ok(), "one behind the other");
    assert!(compiled(&"a".repeat(LONGEST)).is_ok());
    for pattern in [nested(126), nested(DEEPEST + 1), "a".repeat(LONGEST + 1), "{a".repeat(5), "[z-a]".to_owned()] {
        assert!(named(&[pattern.as_str()]).is_err(), "{pattern}");
        assert!(compiled(&pattern).is_err(), "{pattern}");
    }
    // Classes of many characters are large when they are compiled.
    drop(named(&["[!\u{1}-\u{10ffff}]{a,b}".repeat(60).as_str()]));
    let error = Files { edit: patterns(&["a.yaml"]), exclude: patterns(&[nested(126).as_str()]) };
    assert!(error.find(&MemoryTree::default().file("a.yaml", "")).is_err());
}

#[test]
fn what_names_nothing_or_no_text_is_refused() {
    for pattern in ["*.tf", "missing.yaml", "../a.yaml", "/a.yaml", "[", "*.png", "latin", "nul"] {
        assert!(named(&[pattern]).is_err(), "{pattern}");
    }
    for pattern in ["/a.yaml", "../a.yaml", "ci/../../a.yaml", "**/.."] {
        assert_eq!(compiled(pattern).unwrap_err(), "files are named by paths inside the repository", "{pattern}");
    }
    let error = named(&["lat*"]).unwrap_err();
    assert_eq!(error.to_string(), "`latin` is not text in UTF-8, and is not changed");
    assert_eq!(error.labels().len(), 1);
}

#[test]
fn a_file_that_is_named_in_full_and_is_not_there_is_told_with_the_one_that_was_probably_meant() {
    let help = |pattern: &str| named(&[pattern]).unwrap_err().help();
    assert_eq!(help("a.yml"), ["did you mean `a.yaml`?"]);
    assert_eq!(help("./ci/b.yaml"), ["did you mean `ci/b.yml`?"]);
    let relative = ["paths are relative to the project file; `**` goes into folders"];
    assert_eq!(help("quite/else.txt"), relative);
    assert_eq!(help("*.yamll"), relative);
}

#[test]
fn a_glob_is_looked_for_in_the_deepest_folder_that_holds_all_it_can_name() {
    for (pattern, expected) in
        [("*.yml", ""), ("**/a", ""), ("ci/*.yml", "ci"), ("./ci/deep/**", "ci/deep"), ("ci/{a,b}/c.yml", "ci")]
    {
        assert_eq!(folder(pattern), expected, "{pattern}");
    }
}

#[test]
fn patterns_that_are_matched_path_by_path_name_what_they_find() {
    let files = Files { edit: patterns(&["**/*.yml", "./vendor/d.yml", "*.tf"]), exclude: patterns(&["vendor"]) };
    let named = files.named().unwrap();
    assert_eq!(named.starts(), ["", "vendor/d.yml"]);
    let pattern = |path: &str| named.pattern(Utf8Path::new(path)).map(|pattern| pattern.value.as_str());
    let tree = MemoryTree::default();
    assert_eq!(pattern("ci/b.yml"), Some("**/*.yml"));
    // What is excluded is named in full or not at all.
    assert_eq!(pattern("vendor/d.yml"), Some("./vendor/d.yml"));
    assert_eq!((pattern("vendor/e.yml"), pattern("a.yaml")), (None, None));
    assert_eq!(named.all_found(&tree).unwrap_err().to_string(), "no file is named by `*.tf`");
    assert_eq!(pattern("a.tf"), Some("*.tf"));
    assert!(named.all_found(&tree).is_ok());
}

#[test]
fn a_table_says_which_files_and_a_mistake_in_a_pattern_is_told_at_it() {
    let read = |keys: &str| {
        let source = SourceFile::new("images.toml", format!("[[x]]\n{keys}\n"));
        let project = imagelock_core::Project::parse(&[imagelock_core::project::Source::ImagesToml(source)], &["x"]);
        let table = &project.unwrap().targets[0];
        let mut fields = Fields::new(&table.node, "[[x]]").unwrap();
        let files = Files::read(&mut fields, "[[x]]", &table.node.at);
        let told = fields.finish().err().unwrap_or_default();
        let told: Vec<String> =
            told.iter().map(|error| format!("{} {error}", error.labels().first().unwrap().at)).collect();
        let names = |patterns: Vec<Spanned<String>>| patterns.into_iter().map(|pattern| pattern.value).collect();
        let (edit, exclude): (Vec<String>, Vec<String>) = (names(files.edit), names(files.exclude));
        (edit, exclude, told)
    };
    let (edit, exclude, told) = read("edit = \"a\"\nexclude = [\"b\", \"c\"]");
    assert_eq!((edit, exclude, told.len()), (vec!["a".into()], vec!["b".into(), "c".into()], 0));
    let (.., told) = read("edit = [\"a\", \"../b\"]");
    assert_eq!(told, ["images.toml:2:15 files are named by paths inside the repository"]);
    let (.., told) = read("exclude = \"a\"");
    assert!(told.len() == 1 && told[0].starts_with("images.toml:1:1 ") && told[0].contains("`edit`"), "{told:?}");
}
