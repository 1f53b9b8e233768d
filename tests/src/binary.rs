//! The `imagelock` binary under test.

use std::{process::Command, sync::OnceLock};

use camino::{Utf8Path, Utf8PathBuf};

/// Returns the `imagelock` binary of this checkout, in the profile of the test, built now unless it is up to date.
/// `cargo xtask test` builds it once for all programs of tests, and names it in `IMAGELOCK_BINARY`.
///
/// Cargo builds a package's binary before that package's own tests only, so the harness asks for it. The whole
/// workspace is named, and its examples, for one reason: dependencies then have the features
/// that they have in `cargo test --workspace`, those that only tests ask for included, and none is built a second time.
///
/// # Panics
///
/// When it does not build.
pub fn binary() -> &'static Utf8Path {
    static BINARY: OnceLock<Utf8PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(built) = std::env::var("IMAGELOCK_BINARY").ok().filter(|path| !path.is_empty()) {
            return built.into();
        }
        let (mut cargo, folder) = cargo_build();
        let built = cargo.args(["--workspace", "--bin", "imagelock", "--examples"]).status().expect("cargo starts");
        assert!(built.success(), "`imagelock` does not build");
        folder.join("imagelock")
    })
}

/// Returns `cargo build` of this checkout, in the profile of the test, and the folder in which it leaves programs.
///
/// # Panics
///
/// When the test does not lie where cargo puts tests.
pub fn cargo_build() -> (Command, Utf8PathBuf) {
    let test = std::env::current_exe().expect("the test has a path");
    // target/<profile>/deps/<test>
    let folder = test.ancestors().nth(2).and_then(Utf8Path::from_path).expect("the test lies in target/");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).args(["build", "--quiet"]);
    if folder.file_name() == Some("release") {
        cargo.arg("--release");
    }
    (cargo, folder.to_owned())
}
