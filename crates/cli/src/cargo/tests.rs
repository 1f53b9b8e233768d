use super::*;

const USES: &str = "[package]\nname = \"x\"\n[package.metadata.images]\nuses = [\"web\"]\n";

struct Tree(tempfile::TempDir);

impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            let path = tree.root().join(path);
            fs_err::create_dir_all(folder(&path)).unwrap();
            fs_err::write(path, text).unwrap();
        }
        tree
    }

    fn root(&self) -> &Utf8Path {
        Utf8Path::from_path(self.0.path()).unwrap()
    }

    /// The root that the manifest's workspace has, and the manifests that are read of it.
    fn found(&self, manifest: &str) -> Option<(String, Vec<String>)> {
        let found = Reach::of(&self.root().join(manifest), self.root()).unwrap()?.into_workspace();
        let files = found.sources.iter().map(|source| {
            let file = source.file();
            file.path().to_string()
        });
        Some((found.root.strip_prefix(self.root()).unwrap().to_string(), files.collect()))
    }
}

#[test]
fn members_are_those_of_globs_and_of_paths_without_what_is_excluded() {
    let root = "[workspace]\nmembers = [\"a\", \"group/*\", \"./deep/**/pack-[0-9]\"]\nexclude = [\"group/out\", \"lib/out\"]\n\
                [workspace.dependencies]\ninherited = { path = \"lib/inherited\" }\nunused = { path = \"lib/unused\" }\n\
                [workspace.metadata.images.images]\nweb = \"web:1\"\n";
    let a = "[dependencies]\none = { path = \"../lib/one\" }\nout = { path = \"../lib/out\" }\n\
             [target.'cfg(unix)'.dev-dependencies.two]\npath = \"../lib/two\"\n\
             [build-dependencies]\ninherited.workspace = true\nfar = { path = \"../../far\" }\n";
    let tree = Tree::new(&[
        ("w/Cargo.toml", root),
        ("w/a/Cargo.toml", &format!("{USES}{a}")),
        ("w/group/b/Cargo.toml", USES),
        ("w/group/out/Cargo.toml", USES),
        ("w/group/README.md", ""),
        ("w/deep/er/pack-1/Cargo.toml", USES),
        ("w/deep/er/pack-x/Cargo.toml", USES),
        ("w/lib/one/Cargo.toml", USES),
        ("w/lib/two/Cargo.toml", USES),
        ("w/lib/out/Cargo.toml", USES),
        ("w/lib/inherited/Cargo.toml", USES),
        ("w/lib/unused/Cargo.toml", USES),
        ("w/plain/Cargo.toml", "[package]\nname = \"plain\"\n"),
        ("far/Cargo.toml", USES),
    ]);
    let members = ["a", "deep/er/pack-1", "group/b", "lib/inherited", "lib/one", "lib/two"];
    let mut files = vec!["w/Cargo.toml".to_owned()];
    files.extend(members.map(|member| format!("w/{member}/Cargo.toml")));
    for manifest in ["w/Cargo.toml", "w/group/b/Cargo.toml", "w/plain/Cargo.toml"] {
        assert_eq!(tree.found(manifest), Some(("w".to_owned(), files.clone())), "{manifest}");
    }
    let alone = vec!["w/group/out/Cargo.toml".to_owned()];
    assert_eq!(tree.found("w/group/out/Cargo.toml"), Some(("w/group/out".to_owned(), alone)));
}

#[test]
fn a_package_says_where_its_workspace_is() {
    let tree = Tree::new(&[
        ("Cargo.toml", "[workspace]\nmembers = [\"a/b\"]\n[workspace.metadata.images]\n"),
        ("a/Cargo.toml", "[workspace]\n"),
        ("a/b/Cargo.toml", &USES.replace("name", "workspace = \"../..\"\nname")),
    ]);
    let files = vec!["Cargo.toml".to_owned(), "a/b/Cargo.toml".to_owned()];
    assert_eq!(tree.found("a/b/Cargo.toml"), Some((String::new(), files)));
    assert_eq!(tree.found("a/Cargo.toml"), None, "no manifest of this workspace is about images");
}

#[test]
fn a_manifest_that_is_no_toml_is_cargos_unless_it_is_about_images() {
    let broken = |text: &str| Tree::new(&[("Cargo.toml", text)]).found("Cargo.toml").is_some();
    assert!(!broken("[package"));
    assert!(broken("[workspace.metadata.images]\nweb = \n"));
}

#[cfg(unix)]
#[test]
fn what_leads_out_of_the_workspace_or_round_in_a_circle_is_no_member() {
    let tree = Tree::new(&[
        (
            "w/Cargo.toml",
            "[workspace]\nmembers = [\"**\", \"../far\", \"/far\", \"*\", \"[\", \"{a,{a,\"]\n[workspace.metadata.images]\n",
        ),
        ("w/a/Cargo.toml", USES),
        ("far/Cargo.toml", USES),
    ]);
    std::os::unix::fs::symlink("..", tree.root().join("w/a/circle")).unwrap();
    std::os::unix::fs::symlink("../far", tree.root().join("w/far")).unwrap();
    let files = vec!["w/Cargo.toml".to_owned(), "w/a/Cargo.toml".to_owned()];
    assert_eq!(tree.found("w/Cargo.toml"), Some(("w".to_owned(), files)));
}
