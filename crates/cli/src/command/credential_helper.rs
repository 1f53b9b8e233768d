//! `credential-helper`

use std::io::Read;

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use imagelock_core::{Digest, Host as RegistryHost, Project, Repository};
use imagelock_registry::Silent;
use serde::{Deserialize, Serialize};

use crate::discover::Found;
use crate::failure::{Failure, Kind, Problem};
use crate::host::Host;
use crate::session::Session;
use crate::{discover, network, session, write};

/// Answer Bazel's question for credentials, in Bazel's protocol
///
/// Reads `{"uri": …}` from standard input and writes the headers that a registry has to be sent: it does the
/// registry's challenge with the credentials of `docker login` and `podman login`. For `--credential_helper`; a link to
/// this program called `imagelock-credential-helper` needs no words.
#[derive(Args, Debug)]
pub struct CredentialHelper {
    /// What Bazel asks for
    #[arg(value_parser = ["get"])]
    action: String,
}

/// Questions are one URI long.
const QUESTION_BYTES: u64 = 64 << 10;
/// A token that ends sooner than this is not handed out again.
const SLACK_SECONDS: i64 = 30;

/// The types of manifests, for a Bazel that cannot be told to ask for them.
const ACCEPT: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

#[derive(Deserialize)]
struct Question {
    uri: String,
}

#[derive(Default, Serialize)]
struct Headers {
    #[serde(rename = "Accept", skip_serializing_if = "Vec::is_empty")]
    accept: Vec<String>,
    #[serde(rename = "Authorization", skip_serializing_if = "Vec::is_empty")]
    authorization: Vec<String>,
}

#[derive(Default, Serialize)]
struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
    headers: Headers,
}

/// A token as it is kept between runs.
#[derive(Deserialize, Serialize)]
struct Kept {
    header: String,
    until: i64,
}

impl CredentialHelper {
    pub(crate) fn run(self, host: &Host) -> Result<(), Failure> {
        debug_assert_eq!(self.action, "get");
        let mut text = String::new();
        std::io::stdin().take(QUESTION_BYTES).read_to_string(&mut text)?;
        let question: Question = serde_json::from_str(&text).map_err(|error| {
            Failure::input(format!("the question on standard input is not one of Bazel's: {error}"))
        })?;
        let answer = match asked(&question.uri) {
            Some((repository, is_manifest)) => answer(host, &repository, is_manifest)?,
            // What is no registry's, the target of a redirect for one, needs nothing of ours.
            None => Answer::default(),
        };
        super::json(host, &answer)
    }
}

/// The repository of `https://host/v2/path/(manifests|blobs)/digest`, and whether it is a manifest.
fn asked(uri: &str) -> Option<(Repository, bool)> {
    let (scheme, rest) = uri.split_once("://")?;
    let (authority, path) = rest.split_once('/')?;
    let path = path.split(['?', '#']).next()?.strip_prefix("v2/")?;
    if !matches!(scheme, "https" | "http") || authority.contains('@') {
        return None;
    }
    let authority = if authority == "registry-1.docker.io" { RegistryHost::DOCKER_HUB } else { authority };
    let kinds = [("/manifests/", true), ("/blobs/", false), ("/tags/list", false)];
    let (path, is_manifest) = kinds.iter().find_map(|(kind, is)| Some((&path[..path.rfind(kind)?], *is)))?;
    Some((Repository::new(authority.parse().ok()?, path).ok()?, is_manifest))
}

fn answer(host: &Host, repository: &Repository, is_manifest: bool) -> Result<Answer, Failure> {
    let accept = if is_manifest { ACCEPT.map(str::to_owned).to_vec() } else { Vec::new() };
    let now = jiff::Timestamp::now().as_second();
    let place = place(repository);
    if let Some(kept) = place.as_deref().and_then(kept).filter(|kept| kept.until > now + SLACK_SECONDS) {
        let headers = Headers { accept, authorization: vec![kept.header] };
        return Ok(Answer { expires: time(kept.until), headers });
    }
    let session = session(host)?;
    let resolver = session.resolver(std::sync::Arc::new(Silent))?;
    let given = network::run(resolver.client().authorization(repository))?;
    let given = given.map_err(|error| {
        let mut problem = Problem::new(error.to_string());
        problem.help = error.help();
        Failure::new(Kind::Registry, problem)
    })?;
    let Some(given) = given else {
        return Ok(Answer { expires: None, headers: Headers { accept, ..Headers::default() } });
    };
    let header = given.header.expose().to_owned();
    let until = given.lifetime.and_then(|lifetime| Some(now + i64::try_from(lifetime.as_secs()).ok()?));
    if let (Some(until), Some(place)) = (until, place) {
        // Without a place to keep it, the next question asks the service again.
        drop(keep(&place, &Kept { header: header.clone(), until }));
    }
    let headers = Headers { accept, authorization: vec![header] };
    Ok(Answer { expires: until.and_then(time), headers })
}

/// The project around the working directory, whose settings of registries hold here too; an empty one elsewhere.
fn session(host: &Host) -> Result<Session<'_>, Failure> {
    let directory = session::directory(host)?;
    match discover::find(&directory, host.global.project.as_deref())? {
        Some(found) => Session::of(host, directory, found),
        None => {
            let found = Found { root: directory.clone(), sources: Vec::new() };
            Ok(Session { project: Project::default(), ..Session::of(host, directory, found)? })
        }
    }
}

fn time(seconds: i64) -> Option<String> {
    jiff::Timestamp::from_second(seconds).ok().map(|time| time.to_string())
}

/// Where the token of a repository is kept: tokens that only read, for the minutes that they last. Passwords are not.
fn place(repository: &Repository) -> Option<Utf8PathBuf> {
    let name = Digest::sha256(repository.to_string().as_bytes());
    Some(network::cache_directory()?.join("tokens").join(name.hex()))
}

fn kept(place: &Utf8Path) -> Option<Kept> {
    serde_json::from_slice(&fs_err::read(place).ok()?).ok()
}

fn keep(place: &Utf8Path, kept: &Kept) -> std::io::Result<()> {
    let text = serde_json::to_vec(kept)?;
    write::secret(place, &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_read_from_the_address_of_what_is_fetched() {
        let asked = |uri: &str| asked(uri).map(|(repository, manifest)| (repository.to_string(), manifest));
        let hub = "https://registry-1.docker.io/v2/library/postgres/manifests/sha256:00";
        assert_eq!(asked(hub), Some(("docker.io/library/postgres".to_owned(), true)));
        let blob = "http://127.0.0.1:5000/v2/a/blobs/b/blobs/sha256:00?x=1";
        assert_eq!(asked(blob), Some(("127.0.0.1:5000/a/blobs/b".to_owned(), false)));
        for other in ["https://cdn.example.com/file", "https://u@ghcr.io/v2/a/blobs/x", "ftp://a/v2/b/blobs/c", "x", ""]
        {
            assert_eq!(asked(other), None, "{other}");
        }
    }
}
