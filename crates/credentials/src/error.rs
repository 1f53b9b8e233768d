//! Why credentials could not be had. No variant holds a secret or anything that a helper printed.

use std::fmt;
use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use camino::Utf8PathBuf;
use imagelock_files::FileError;

/// Why credentials could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A credentials file exists and cannot be read.
    #[error("credentials: {0}")]
    Unreadable(FileError),
    /// A credentials file has another form than its format.
    #[error("credentials file `{path}:{line}:{column}`: {problem}")]
    Malformed {
        /// The file.
        path: Utf8PathBuf,
        /// The line, counted from one.
        line: usize,
        /// The column, counted from one; zero means the end of the line before.
        column: usize,
        /// What is wrong.
        problem: FileProblem,
    },
    /// An entry of a credentials file cannot be used.
    #[error("credentials file `{path}`, entry `{}`: {problem}", key.escape_debug())]
    Entry {
        /// The file.
        path: Utf8PathBuf,
        /// The entry's key.
        key: String,
        /// What is wrong.
        problem: FileProblem,
    },
    /// A variable that holds a credential has another form than `user:password`.
    #[error("the environment variable `{name}` must be `user:password`")]
    Variable {
        /// The variable's name.
        name: String,
    },
    /// A variable is not UTF-8.
    #[error("the environment variable `{name}` is not UTF-8")]
    NotUtf8 {
        /// The variable's name.
        name: String,
    },
    /// The host that was asked for is no registry host.
    #[error("`{}` is not the host of a registry", host.escape_debug())]
    Host {
        /// What was asked for.
        host: String,
    },
    /// The time that a helper may take is not a number of seconds.
    #[error("the environment variable `{name}` must be a number of seconds from 1 to {most}")]
    Seconds {
        /// The variable's name.
        name: &'static str,
        /// The most that it may be.
        most: u64,
    },
}

/// What is wrong with a credentials file. The parser's own words are not kept: they may quote the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileProblem {
    /// The text is not JSON.
    Syntax,
    /// The text is JSON, and a value has another type than the format says.
    Type,
    /// An `auth` is not base64.
    Base64,
    /// An `auth` is not `user:password` inside.
    Login,
    /// The variable holds something else than logins in `auths`, each as `auth`.
    NotLogins,
}

impl fmt::Display for FileProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Syntax => "not valid JSON",
            Self::Type => "a value has an unexpected type",
            Self::Base64 => "`auth` is not base64",
            Self::Login => "`auth` is not the base64 of `user:password`",
            Self::NotLogins => "it may hold `auths` alone, and each of these `auth` alone",
        })
    }
}

/// What went wrong with a credential helper.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HelperProblem {
    /// The name has other characters than letters, digits, `.`, `_` and `-`.
    #[error("has a name with other characters than letters, digits, `.`, `_` and `-`")]
    Name,
    /// The program is in no absolute folder of `PATH`.
    #[error("is not installed")]
    Missing,
    /// The program could not be started or spoken to.
    #[error("cannot be run: {0}")]
    Run(io::ErrorKind),
    /// The program ended with a failure. Its output may hold secrets and is not repeated.
    #[error("failed ({0}); run it by hand with `get` to see its message")]
    Failed(ExitStatus),
    /// The program gave no answer in time.
    #[error("gave no answer within {0:?}; IMAGELOCK_HELPER_TIMEOUT=60 in the environment gives it a minute")]
    TimedOut(Duration),
    /// The program wrote more than any answer needs.
    #[error("answered with more than {0} bytes")]
    TooLong(u64),
    /// The answer is not what a helper says.
    #[error("gave an answer that is not JSON with `Username` and `Secret`")]
    Answer,
}
