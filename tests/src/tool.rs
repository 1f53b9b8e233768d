//! The outside tools that `cargo xtask tools` installs.

use std::io::Write as _;

use camino::{Utf8Path, Utf8PathBuf};

/// Tools that no package registry has, or that a distribution is made of, and languages whose own installers people use:
/// they are used where somebody has installed them.
const NEVER_INSTALLED: &[&str] = &["dpkg", "earth", "git", "go", "kubectl", "node", "python3", "terraform"];

/// Returns the program of a tool, by its name in `cargo xtask tools --list`.
pub fn tool(name: &str) -> Option<Utf8PathBuf> {
    let installed = cache().map(|cache| cache.join("bin").join(name)).filter(|program| program.is_file());
    installed.or_else(|| NEVER_INSTALLED.contains(&name).then(|| on_path(name)).flatten())
}

/// Returns the program of a tool, or says that a test is skipped for want of it. In a continuous-integration job
/// (`CI=true`) a tool that could have been installed must be there.
///
/// # Panics
///
/// When the tool is absent in such a job.
pub fn tool_or_skip(name: &str) -> Option<Utf8PathBuf> {
    let found = tool(name);
    if found.is_none() {
        let must = std::env::var("CI").is_ok_and(|ci| ci == "true") && !NEVER_INSTALLED.contains(&name);
        assert!(!must, "{name} is not installed: run `cargo xtask tools`");
        // Straight to standard error, because the test harness shows no output of a test that passes.
        drop(writeln!(std::io::stderr(), "skipped: needs {name} (cargo xtask tools)"));
        note(name);
    }
    found
}

/// Writes the skipped test down where `cargo xtask test` reads it at the end, when nobody scrolls back that far.
fn note(tool: &str) {
    let Ok(path) = std::env::var("IMAGELOCK_SKIPPED") else { return };
    let line = format!("{tool} {}\n", std::thread::current().name().unwrap_or("a test"));
    let file = std::fs::File::options().append(true).create(true).open(path);
    // One write of one line: tests of several processes do not mix theirs.
    drop(file.and_then(|mut file| file.write_all(line.as_bytes())));
}

/// Returns the programs of one or more tools, or leaves the test when one is absent.
#[macro_export]
macro_rules! need {
    ($name:expr) => {
        match $crate::tool_or_skip($name) {
            Some(program) => program,
            None => return,
        }
    };
    ($($name:expr),+ $(,)?) => {
        ($($crate::need!($name)),+)
    };
}

fn cache() -> Option<Utf8PathBuf> {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty()).map(Utf8PathBuf::from);
    set("IMAGELOCK_TOOLS").or_else(|| {
        let cache = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
        cache.map(|cache| cache.join("imagelock/tools"))
    })
}

fn on_path(name: &str) -> Option<Utf8PathBuf> {
    let path = std::env::var("PATH").ok()?;
    path.split(':').map(|folder| Utf8Path::new(folder).join(name)).find(|program| program.is_file())
}
