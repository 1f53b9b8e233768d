//! The `imagelock` binary under test.

use std::{path::Path, process::Command, sync::OnceLock};

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
        let test = std::env::current_exe().expect("the test has a path");
        // target/<profile>/deps/<test>
        let folder = test.ancestors().nth(2).and_then(Utf8Path::from_path).expect("the test lies in target/");
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--quiet", "--workspace", "--bin", "imagelock", "--examples"]);
        if folder.file_name() == Some("release") {
            cargo.arg("--release");
        }
        let built = cargo.current_dir(Path::new(env!("CARGO_MANIFEST_DIR"))).status().expect("cargo starts");
        assert!(built.success(), "`imagelock` does not build");
        folder.join("imagelock")
    })
}
