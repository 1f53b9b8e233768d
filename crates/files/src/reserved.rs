//! Which paths of a repository are not imagelock's: what Git and CI act on, and what targets are rendered from.
//!
//! A name is judged as every file system takes it: some have upper and lower case for the same, some pass over
//! characters that nobody sees, some know a file by a short name too. Git guards its own folder in the same way
//! (`core.protectHFS`, `core.protectNTFS`), and the answer is the same on every machine.

use std::borrow::Cow;

use camino::Utf8Path;

/// Folders that hold what version control runs and believes: hooks, settings, credentials of CI.
const VERSION_CONTROL: &[&str] = &[".git", ".hg", ".jj", ".svn"];

/// The files that all comes from, beside the project file.
pub const SOURCES: &[&str] = &["images.toml", "images.lock", "images.seen", "Cargo.toml"];

/// Files that Git acts on: filters and drivers are programs, submodules are repositories.
const OF_GIT: &[&str] = &[".gitattributes", ".gitmodules"];

/// Folders whose files CI runs, or Git does as hooks.
const RUN_FOLDERS: &[&str] =
    &[".buildkite", ".circleci", ".githooks", ".husky", ".semaphore", ".teamcity", ".tekton", ".woodpecker"];

/// Folders of forges, and what CI runs in them.
const FORGES: &[&str] = &[".forgejo", ".gitea", ".github"];
const RUN_BY_FORGES: &[&str] = &["actions", "workflows"];

/// Files that CI runs, or that say what hooks run, without what follows their last point.
const RUN_FILES: &[&str] = &[
    ".appveyor",
    ".azure-pipelines",
    ".cirrus",
    ".drone",
    ".gitlab-ci",
    ".lefthook",
    ".pre-commit-config",
    ".pre-commit-hooks",
    ".travis",
    ".woodpecker",
    "appveyor",
    "azure-pipelines",
    "bitbucket-pipelines",
    "buildspec",
    "cloudbuild",
    "codefresh",
    "jenkinsfile",
    "lefthook",
];

/// Short names of Git's files that NTFS makes of a hash once the usual ones are taken, without their number.
const HASHED: &[(&str, &str)] = &[("gi7d29", ".gitattributes"), ("gi7eba", ".gitmodules")];

/// Whose a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// Git acts on it.
    Git,
    /// CI runs it, or hooks do.
    Run,
    /// It is what targets are rendered from.
    Source,
}

impl Reserved {
    /// What is said of such a file, behind its name.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Git => "is a file that Git acts on",
            Self::Run => "is what CI or a hook runs",
            Self::Source => "is what targets are rendered from",
        }
    }
}

/// Whether a folder of this name is version control's.
pub fn is_version_control(name: &str) -> bool {
    let name = plain(name);
    VERSION_CONTROL.iter().any(|folder| may_be(&name, folder))
}

/// Whose the file at a path from the root is, if it is not anybody's.
pub fn of(path: &Utf8Path) -> Option<Reserved> {
    let parts: Vec<&str> = path.components().map(|part| part.as_str()).collect();
    let name = *parts.last()?;
    let is_one_of = |name: &str, all: &[&str]| all.iter().any(|one| is_called(name, one));
    let in_forge = |parts: &[&str]| is_one_of(parts[0], FORGES) && is_one_of(parts[1], RUN_BY_FORGES);
    if parts.len() == 1 && is_one_of(name, SOURCES) {
        return Some(Reserved::Source);
    }
    if is_one_of(name, OF_GIT) || HASHED.iter().any(|(hash, long)| is_short(&plain(name), hash, long)) {
        return Some(Reserved::Git);
    }
    let runs = parts.iter().any(|part| is_one_of(part, RUN_FOLDERS)) || parts.windows(2).any(in_forge);
    (runs || RUN_FILES.iter().any(|file| is_run(name, file))).then_some(Reserved::Run)
}

/// Whether a file system may take `name` for `meant`.
fn is_called(name: &str, meant: &str) -> bool {
    may_be(&plain(name), meant)
}

/// Likewise, for a plain name. Every file there is may be asked for: what is no short name costs nothing.
fn may_be(name: &str, meant: &str) -> bool {
    name.eq_ignore_ascii_case(meant) || name.contains('~') && is_short(name, &stem(meant), meant)
}

/// Whether a file system may take `name` for `file` with any ending, or with none.
fn is_run(name: &str, file: &str) -> bool {
    let name = plain(name);
    let (before, _) = name.rsplit_once('.').filter(|(before, _)| !before.is_empty()).unwrap_or((&name, ""));
    let short = before.split_once('~').is_some_and(|(before, number)| before == stem(file) && is_number(number));
    before == file || name == file || short
}

/// Whether a name is the short one of a file: the first six characters, a number, and three of what follows the point.
fn is_short(name: &str, stem: &str, long: &str) -> bool {
    let Some((before, rest)) = name.split_once('~') else { return false };
    let (number, ending) = rest.split_once('.').unwrap_or((rest, ""));
    let meant = long.trim_start_matches('.').rsplit_once('.').map_or("", |(_, ending)| ending);
    before == stem && is_number(number) && ending == meant.chars().take(3).collect::<String>().to_lowercase()
}

/// What stands before the `~` of a short name.
fn stem(long: &str) -> String {
    let long = long.trim_start_matches('.');
    let before = long.rsplit_once('.').map_or(long, |(before, _)| before);
    before.chars().filter(|c| *c != '.').take(6).collect::<String>().to_lowercase()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A name without what file systems pass over: case, characters that nobody sees (HFS+), and a stream of the file, points
/// and spaces at the end (NTFS).
fn plain(name: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase() && byte != b':';
    if name.bytes().all(is_plain) {
        return Cow::Borrowed(name.trim_end_matches(['.', ' ']));
    }
    let name = name.split(':').next().unwrap_or_default();
    let seen = name.chars().filter(|c| !is_unseen(*c));
    let plain: String = seen.flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect();
    Cow::Owned(plain.trim_end_matches(['.', ' ']).to_owned())
}

/// The characters that HFS+ passes over, as Git lists them (`utf8.c`, `next_hfs_char`).
fn is_unseen(character: char) -> bool {
    matches!(
        character,
        '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_version_control_is_one_however_a_file_system_lets_it_be_written() {
        for name in [
            ".git",
            ".GIT",
            ".Git",
            ".git.",
            ".git ",
            ".git. .",
            ".git:x",
            ".git::$INDEX_ALLOCATION",
            "git~1",
            "GIT~1",
            "git~12",
            "git~1.",
            ".g\u{200c}it",
            "\u{feff}.git",
            ".gi\u{200d}t",
            ".git\u{202e}",
            ".g\u{206f}it",
            ".hg",
            ".HG",
            "hg~1",
            ".jj",
            ".svn",
            ".ſvn",
            "SVN~1",
        ] {
            assert!(is_version_control(name), "{name:?}");
        }
        for name in [
            "git",
            ".gitignore",
            ".github",
            "a.git",
            ".git-x",
            "git~",
            "git~x",
            "git~1x",
            "git1",
            ".g.it",
            "..git",
            "",
            "~1",
            ".g\u{301}it",
        ] {
            assert!(!is_version_control(name), "{name:?}");
        }
    }

    #[test]
    fn what_git_and_ci_act_on_and_what_all_comes_from_is_reserved() {
        for (whose, paths) in [
            (
                Reserved::Git,
                &[
                    ".gitattributes",
                    "deploy/.gitattributes",
                    ".GitAttributes",
                    "gitatt~1",
                    "GI7D29~4",
                    ".gitmodules",
                    "gitmod~1",
                    "gi7eba~1",
                    ".gitmodules\u{200c}",
                    ".gitmodules. ",
                ][..],
            ),
            (
                Reserved::Run,
                &[
                    ".github/workflows/x.yml",
                    ".github/actions/a/action.yml",
                    "a/.gitea/workflows/x",
                    ".forgejo/workflows/x",
                    ".GitHub/Workflows/x.yml",
                    "github~1/workfl~1/x.yml",
                    ".circleci/config.yml",
                    ".woodpecker/a.yml",
                    ".buildkite/x",
                    ".husky/pre-commit",
                    ".githooks/pre-push",
                    ".tekton/a.yaml",
                    ".gitlab-ci.yml",
                    ".gitlab-ci.yaml",
                    ".GITLAB-CI.YML",
                    "gitlab~1.yml",
                    "a/.gitlab-ci.yml",
                    "Jenkinsfile",
                    "jenkinsfile",
                    "JENKINSFILE",
                    "Jenkinsfile.release",
                    "JENKIN~1",
                    ".woodpecker.yml",
                    ".drone.yml",
                    ".drone.jsonnet",
                    "azure-pipelines.yml",
                    "AZURE-~1.YML",
                    "bitbucket-pipelines.yml",
                    ".travis.yml",
                    "appveyor.yml",
                    ".cirrus.star",
                    "cloudbuild.yaml",
                    ".pre-commit-config.yaml",
                    "lefthook.toml",
                ],
            ),
            (
                Reserved::Source,
                &[
                    "images.toml",
                    "IMAGES.TOML",
                    "images.lock",
                    "Images.Lock",
                    "images.seen",
                    "images~1.tom",
                    "cargo.toml",
                ],
            ),
        ] {
            for path in paths {
                assert_eq!(of(Utf8Path::new(path)), Some(whose), "{path:?}");
            }
        }
        for path in [
            ".github/images.json",
            ".github/x/workflows.yml",
            "workflows/x.yml",
            "actions/x",
            ".gitignore",
            "policy.json",
            "deploy/values.yaml",
            "jenkins.json",
            "Jenkinsfiles",
            "jenkin~x",
            "other~1",
            "gitlab~1x.yml",
            "gitlab-ci.yml",
            ".gitlab/x.json",
            "a/images.toml",
            "",
            "images.json",
            "drone.yml",
        ] {
            assert_eq!(of(Utf8Path::new(path)), None, "{path:?}");
        }
    }

    #[test]
    fn whose_a_path_is_can_be_said_behind_its_name() {
        let told = [Reserved::Git, Reserved::Run, Reserved::Source].map(|whose| format!("`x` {}", whose.reason()));
        assert_eq!(
            told,
            [
                "`x` is a file that Git acts on",
                "`x` is what CI or a hook runs",
                "`x` is what targets are rendered from"
            ]
        );
    }
}
