//! What is wrong across files: Cargo manifests beside `images.toml`.

use super::{check_all, images_toml, package, workspace};

#[test]
fn an_image_in_two_files_shows_both_places() {
    check_all(
        &[
            images_toml("[images]\nredis = \"redis:8\"\n"),
            workspace("[workspace]\nmembers = []\n\n[workspace.metadata.images.images]\nredis = \"redis:7\"\n"),
        ],
        r#"
image `redis` is declared twice
--> Cargo.toml:5:1 "redis" again here
::: images.toml:2:1 "redis" first here
"#,
    );
}

#[test]
fn the_tables_of_a_workspace_have_the_same_errors() {
    check_all(
        &[workspace(
            "[workspace]\nmembers = []\n\n[workspace.metadata.images.images.redis]\nrepository = \"redis\"\nplatform = []\n",
        )],
        r#"
unknown key `platform` in Cargo.toml
--> Cargo.toml:6:1 "platform" did you mean `platforms`?
"#,
    );
    check_all(
        &[workspace("[workspace]\nmembers = []\n\n[workspace.metadata.images]\nimage.redis = \"redis\"\n")],
        r#"
unknown key `image` in Cargo.toml
--> Cargo.toml:5:1 "image" did you mean `images`?
"#,
    );
    check_all(
        &[workspace("[workspace]\nmembers = []\n\n[workspace.metadata.images]\nredis = \"redis\"\n")],
        r#"
`redis` is outside of `[workspace.metadata.images.images]`, where images are declared
--> Cargo.toml:5:1 "redis"
"#,
    );
    check_all(
        &[workspace("[workspace.metadata]\nimages = [\"redis\"]\n")],
        r#"
`workspace.metadata.images` is a table, not an array
--> Cargo.toml:2:10 "[\"redis\"]"
"#,
    );
    check_all(
        &[workspace(
            "[workspace]\nmembers = []\n\n[workspace.metadata.images.images]\nredis = \"redis\"\nredis = \"redis\"\n",
        )],
        r#"
image `redis` is declared twice
--> Cargo.toml:6:1 "redis" again here
::: Cargo.toml:5:1 "redis" first here
"#,
    );
}

#[test]
fn a_package_that_uses_what_is_not_declared_is_shown() {
    check_all(
        &[
            images_toml("[images]\nstatic = \"a\"\n"),
            package(
                "[package]\nname = \"web\"\n\n[package.metadata.images]\nuses = [\"static\", \"statc\", \"postgres\"]\n",
            ),
        ],
        r#"
there is no image `statc`
--> web/Cargo.toml:5:20 "statc" did you mean `static`?
there is no image `postgres`
--> web/Cargo.toml:5:29 "postgres"
help: declare it: `{command} add REFERENCE --name postgres`
"#,
    );
    check_all(
        &[images_toml(""), workspace("[package]\nname = \"web\"\n\n[package.metadata.images]\nuses = [\"static\"]\n")],
        r#"
there is no image `static`
--> Cargo.toml:5:10 "static"
help: declare it: `{command} add REFERENCE --name static`
"#,
    );
}

#[test]
fn what_a_package_says_is_checked() {
    check_all(
        &[package("[package]\nname = \"web\"\nmetadata.images.uses = \"static\"\n")],
        r#"
`uses` is an array of strings, not a string
--> web/Cargo.toml:3:24 "\"static\""
help: write it in brackets: `["static"]`
"#,
    );
    check_all(
        &[package("[package.metadata.images]\nuse = [\"static\"]\n")],
        r#"
unknown key `use` in web/Cargo.toml
--> web/Cargo.toml:2:1 "use" did you mean `uses`?
"#,
    );
    check_all(
        &[package("[package.metadata.images]\nuses = [\"Static\"]\n")],
        r#"
an image is named with lower-case letters and digits, joined by `.`, `_` or `-`: try `static`
--> web/Cargo.toml:2:10 "Static"
"#,
    );
    check_all(
        &[package("[package.metadata]\nimages = [\"static\"]\n")],
        r#"
`[package.metadata.images]` is a table, not an array
--> web/Cargo.toml:2:10 "[\"static\"]"
"#,
    );
    check_all(
        &[package("[package.metadata.images.images]\nstatic = \"a\"\n")],
        r#"
unknown key `images` in web/Cargo.toml
--> web/Cargo.toml:1:26 "images"
help: the keys here are `uses`
"#,
    );
}

#[test]
fn an_image_whose_declaration_is_wrong_is_not_missing_as_well() {
    check_all(
        &[images_toml("[images]\nstatic = \"A\"\n"), package("[package.metadata.images]\nuses = [\"static\"]\n")],
        r#"
a repository is lower-case: did you mean `a`?
--> images.toml:2:11 "A"
"#,
    );
}
