use super::*;

fn owners(text: &str, grammar: Grammar, path: &str) -> String {
    let owners = Owners::parse(text, grammar);
    owners.owners(Utf8Path::new(path)).into_iter().collect::<Vec<_>>().join(" ")
}

/// Which of the paths a pattern means.
fn means<'p>(pattern: &str, grammar: Grammar, paths: &[&'p str]) -> Vec<&'p str> {
    let owners = Owners::parse(&format!("{pattern} @x"), grammar);
    paths.iter().copied().filter(|path| !owners.owners(Utf8Path::new(path)).is_empty()).collect()
}

const PATHS: &[&str] = &["a.js", "docs/a.md", "docs/x/b.md", "apps/docs/c.md", "apps/docs/x/d.js", "docs.md", "logs"];

#[test]
fn patterns_of_github_are_those_that_its_documentation_explains() {
    let rows: [(&str, &[&str]); 17] = [
        ("*", PATHS),
        ("**", PATHS),
        ("*.js", &["a.js", "apps/docs/x/d.js"]),
        ("/*.js", &["a.js"]),
        ("/docs/", &["docs/a.md", "docs/x/b.md"]),
        ("docs/", &["docs/a.md", "docs/x/b.md", "apps/docs/c.md", "apps/docs/x/d.js"]),
        ("docs", &["docs/a.md", "docs/x/b.md", "apps/docs/c.md", "apps/docs/x/d.js"]),
        // Only what lies in the folder.
        ("docs/*", &["docs/a.md"]),
        ("docs/**", &["docs/a.md", "docs/x/b.md"]),
        ("/docs", &["docs/a.md", "docs/x/b.md"]),
        ("apps/docs", &["apps/docs/c.md", "apps/docs/x/d.js"]),
        ("**/logs", &["logs"]),
        ("**/docs/x", &["docs/x/b.md", "apps/docs/x/d.js"]),
        ("/apps/**/d.js", &["apps/docs/x/d.js"]),
        // No such thing.
        ("!docs/", &[]),
        ("/", &[]),
        ("[a].js", &[]),
    ];
    for (pattern, expected) in rows {
        assert_eq!(means(pattern, Grammar::GitHub, PATHS), expected, "{pattern}");
    }
    assert_eq!(means("[a]{b}.js", Grammar::GitHub, &["[a]{b}.js", "ab.js"]), ["[a]{b}.js"]);
}

#[test]
fn patterns_of_gitlab_are_anywhere_without_a_slash_in_front_and_folders_with_one_behind() {
    let rows: [(&str, &[&str]); 12] = [
        ("*", PATHS),
        ("*.js", &["a.js", "apps/docs/x/d.js"]),
        ("/docs/", &["docs/a.md", "docs/x/b.md"]),
        ("docs/", &["docs/a.md", "docs/x/b.md", "apps/docs/c.md", "apps/docs/x/d.js"]),
        ("docs", &[]),
        ("logs", &["logs"]),
        ("/docs/*", &["docs/a.md"]),
        ("docs/*.md", &["docs/a.md", "apps/docs/c.md"]),
        ("/docs/**/*.md", &["docs/a.md", "docs/x/b.md"]),
        ("x/[bd].*", &["docs/x/b.md", "apps/docs/x/d.js"]),
        ("/docs/a.md", &["docs/a.md"]),
        ("/", &[]),
    ];
    for (pattern, expected) in rows {
        assert_eq!(means(pattern, Grammar::GitLab, PATHS), expected, "{pattern}");
    }
}

#[test]
fn the_last_line_that_means_a_file_counts() {
    let text =
        "# all\n* @acme/all # and more\n/docs/  @acme/docs someone@example.com\n\n/docs/free/\nbroken-word nobody\n";
    let of = |path| owners(text, Grammar::GitHub, path);
    assert_eq!(of("a"), "@acme/all");
    assert_eq!(of("docs/a"), "@acme/docs someone@example.com");
    // Nobody owns it, and so says the file.
    assert_eq!(of("docs/free/a"), "");
    assert_eq!(of("broken-word"), "");
}

#[test]
fn sections_of_gitlab_are_added_up_and_have_owners_of_their_own() {
    let text =
        "* @all\n\n[Docs] @docs\n/docs/\n/docs/api/ @api\n\n^[Optional][2] @maybe\n*.md\n\n[docs]\n/docs/late/\n";
    let of = |path| owners(text, Grammar::GitLab, path);
    assert_eq!(of("a"), "@all");
    assert_eq!(of("docs/a"), "@all @docs");
    assert_eq!(of("docs/api/a"), "@all @api");
    assert_eq!(of("docs/late/a.md"), "@all @docs @maybe");
    // GitHub has none: such a line is a pattern there.
    assert_eq!(owners(text, Grammar::GitHub, "docs/a"), "");
}

#[test]
fn a_long_file_counts_to_its_last_line_and_a_line_that_is_longer_than_any_path_means_nothing() {
    let lines: Vec<String> = (0..1500).map(|number| format!("**/team-{number}/**/*.y?ml @team-{number}\n")).collect();
    let lines = lines.concat();
    let text = format!("* @all\n{lines}/{} @long\n/last/ @last\n", "a*".repeat(10_000));
    for grammar in [Grammar::GitHub, Grammar::GitLab] {
        let all = Owners::parse(&text, grammar);
        let of = |path: &str| all.owners(Utf8Path::new(path)).into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(of("x/team-7/y/z.yaml"), "@team-7");
        assert_eq!(of("x/team-1499/z.yaml"), "@team-1499");
        assert_eq!((of("last/x"), of(&"a".repeat(10_000)), of("x")), ("@last".into(), "@all".into(), "@all".into()));
    }
}

#[test]
fn spaces_and_number_signs_belong_to_a_pattern_behind_a_backslash() {
    for grammar in [Grammar::GitHub, Grammar::GitLab] {
        assert_eq!(owners("/a\\ b/ @x\n\\#c @y\n", grammar, "a b/c"), "@x");
        assert_eq!(owners("/a\\ b/ @x\n\\#c @y\n", grammar, "#c"), "@y");
    }
}

#[test]
fn the_file_of_the_repository_is_found_from_a_project_below_its_top() {
    let folder = tempfile::tempdir().unwrap();
    let top = Utf8Path::from_path(folder.path()).unwrap().canonicalize_utf8().unwrap();
    fs_err::create_dir_all(top.join(".git")).unwrap();
    fs_err::write(top.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    fs_err::create_dir_all(top.join("infra/a")).unwrap();
    let of = |path: &str| {
        let owners = Owners::of(&top.join("infra")).unwrap();
        owners.owners(Utf8Path::new(path)).into_iter().collect::<Vec<_>>().join(" ")
    };
    assert!(Owners::of(&top).unwrap().is_empty());
    fs_err::write(top.join("CODEOWNERS"), "a @anywhere\n/infra/a @infra\n").unwrap();
    assert_eq!(of("a/Dockerfile"), "@infra");
    // Where GitLab builds, the same text is in its grammar.
    fs_err::write(top.join(".gitlab-ci.yml"), "").unwrap();
    assert_eq!(of("a/Dockerfile"), "");
    fs_err::create_dir_all(top.join(".github")).unwrap();
    fs_err::write(top.join(".github/CODEOWNERS"), "* @github\n").unwrap();
    assert_eq!(of("a/Dockerfile"), "@github");
}
