//! Credential helpers: the programs `docker-credential-NAME` that Docker and Podman share.
//!
//! A helper reads an address on its standard input and answers with JSON. It is a program of somebody else that holds
//! secrets, so its name is checked, it is looked for in absolute folders of `PATH` only, its answer is capped, it is
//! killed when it is late, and nothing it prints is repeated.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, OnceCell};

use crate::credential::Credential;
use crate::environment::Environment;
use crate::error::HelperProblem;
use crate::scope;

/// Helpers that unlock a keychain or call a cloud take a second or two; one that asks a question nobody sees hangs.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(10);

/// The most seconds that somebody may allow a helper: it then waits for a person.
pub(crate) const MOST_SECONDS: u64 = 3600;

/// The longest answer that is read. Tokens of cloud registries have some kilobytes.
const LONGEST_ANSWER: u64 = 64 * 1024;

/// What helpers say, with a failing exit status, when they know of no credential.
const NOT_FOUND: &[u8] = b"credentials not found in native keychain";

/// What a helper said about an address.
type HelperResult = Result<Option<Credential>, HelperProblem>;

/// A helper's name and the address that it is asked about.
type Question = (String, String);

/// Asks helpers, each at most once for a host.
pub(crate) struct Helpers {
    environment: Environment,
    timeout: Duration,
    answers: Mutex<BTreeMap<Question, Arc<OnceCell<HelperResult>>>>,
}

impl Helpers {
    pub(crate) fn new(environment: Environment) -> Self {
        Self { environment, timeout: TIMEOUT, answers: Mutex::default() }
    }

    pub(crate) fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    /// Returns what a helper keeps for a host. A failure is remembered as well: a helper that hangs would else hold up
    /// every image of its registry.
    pub(crate) async fn get(&self, helper: &str, host: &str) -> HelperResult {
        let address = scope::helper_address(host);
        let key = (helper.to_owned(), address.clone());
        let cell = Arc::clone(self.answers.lock().await.entry(key).or_default());
        cell.get_or_init(|| self.ask(helper, &address)).await.clone()
    }

    async fn ask(&self, helper: &str, address: &str) -> HelperResult {
        let program = self.find(helper)?;
        let mut command = Command::new(program);
        command
            .arg("get")
            .env_clear()
            .envs(self.environment.for_helpers())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        let child = command.spawn().map_err(|error| HelperProblem::Run(error.kind()))?;
        tokio::time::timeout(self.timeout, converse(child, address))
            .await
            .unwrap_or(Err(HelperProblem::TimedOut(self.timeout)))
    }

    /// Returns the helper's program.
    fn find(&self, helper: &str) -> Result<PathBuf, HelperProblem> {
        if !is_name(helper) {
            return Err(HelperProblem::Name);
        }
        let folders = self.environment.get("PATH").into_iter().flat_map(std::env::split_paths);
        imagelock_files::program(folders, &program(helper)).ok_or(HelperProblem::Missing)
    }
}

/// Returns the file name of a helper's program.
pub(crate) fn program(helper: &str) -> String {
    format!("docker-credential-{helper}")
}

fn is_name(helper: &str) -> bool {
    !helper.is_empty() && helper.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

async fn converse(mut child: Child, address: &str) -> HelperResult {
    let run = |error: std::io::Error| HelperProblem::Run(error.kind());
    if let Some(mut stdin) = child.stdin.take() {
        // A helper may answer without reading the question; whether it did well is seen from its answer.
        let _ = stdin.write_all(format!("{address}\n").as_bytes()).await;
    }
    let mut output = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(LONGEST_ANSWER + 1).read_to_end(&mut output).await.map_err(run)?;
    }
    if output.len() as u64 > LONGEST_ANSWER {
        return Err(HelperProblem::TooLong(LONGEST_ANSWER));
    }
    let status = child.wait().await.map_err(run)?;
    if status.success() {
        understand(&output)
    } else if output.trim_ascii() == NOT_FOUND {
        Ok(None)
    } else {
        Err(HelperProblem::Failed(status))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Login {
    username: String,
    secret: String,
}

fn understand(output: &[u8]) -> HelperResult {
    // The parser's message may quote the answer, so it is dropped.
    let login: Login = serde_json::from_slice(output).map_err(|_| HelperProblem::Answer)?;
    if login.secret.is_empty() {
        return Ok(None);
    }
    Ok(Some(Credential::from_login(&login.username, &login.secret)))
}
