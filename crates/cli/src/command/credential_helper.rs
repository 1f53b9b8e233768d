//! `credential-helper`

use std::io::Read;

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use imagelock_core::{Digest, Host as RegistryHost, Project, Repository};
use imagelock_registry::{Silent, repository_path};
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

/// The host that answers for `docker.io`.
const HUB: &str = "registry-1.docker.io";
/// Questions are one URI long.
const QUESTION_BYTES: u64 = 64 << 10;
/// A kept token and when it ends.
const KEPT_BYTES: u64 = 64 << 10;
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
struct HelperAnswer {
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
        let answer = match Asked::read(&question.uri) {
            Some(asked) => answer(host, &asked)?,
            // What is no registry's, the target of a redirect for one, needs nothing of ours.
            None => HelperAnswer::default(),
        };
        super::json(host, &answer)
    }
}

/// What a program is about to fetch.
#[derive(Debug, PartialEq, Eq)]
struct Asked {
    repository: Repository,
    is_manifest: bool,
    /// Without TLS: what is sent with it is for everybody on the way.
    is_plain: bool,
}

impl Asked {
    /// Reads `https://host/v2/path/(manifests|blobs)/digest`. Whatever two readers of addresses could take for two
    /// hosts, such as one behind a user's name, is nobody's.
    fn read(uri: &str) -> Option<Self> {
        let (scheme, rest) = uri.split_once("://")?;
        let (authority, path) = rest.split_at(rest.find('/')?);
        let (is_plain, own_port) = match scheme.to_ascii_lowercase().as_str() {
            "https" => (false, ":443"),
            "http" => (true, ":80"),
            _ => return None,
        };
        let authority = authority.strip_suffix(own_port).unwrap_or(authority);
        let host: RegistryHost = authority.parse().ok()?;
        let host = if host.as_str() == HUB { RegistryHost::DOCKER_HUB.parse().ok()? } else { host };
        let path = path.split(['?', '#']).next()?;
        let repository = repository_path(path)?;
        let is_manifest = path["/v2/".len() + repository.len()..].starts_with("/manifests/");
        Some(Self { repository: Repository::new(host, repository).ok()?, is_manifest, is_plain })
    }
}

fn answer(host: &Host, asked: &Asked) -> Result<HelperAnswer, Failure> {
    let Asked { repository, is_manifest, is_plain } = asked;
    let accept = if *is_manifest { ACCEPT.map(str::to_owned).to_vec() } else { Vec::new() };
    if *is_plain && !may_be_plain(repository.host(), &session(host)?.project) {
        let registry = repository.host();
        host.shell.warn(&format!(
            "no login for {registry} is given for plain HTTP; `insecure = true` under `[registries.\"{registry}\"]` of \
             images.toml allows it"
        ));
        return Ok(HelperAnswer { expires: None, headers: Headers { accept, ..Headers::default() } });
    }
    let now = jiff::Timestamp::now().as_second();
    let place = place(repository);
    if let Some(kept) = place.as_deref().and_then(kept).filter(|kept| kept.until > now + SLACK_SECONDS) {
        let headers = Headers { accept, authorization: vec![kept.header] };
        return Ok(HelperAnswer { expires: time(kept.until), headers });
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
        return Ok(HelperAnswer { expires: None, headers: Headers { accept, ..Headers::default() } });
    };
    let header = given.header.expose().to_owned();
    let until = given.lifetime.and_then(|lifetime| Some(now + i64::try_from(lifetime.as_secs()).ok()?));
    if let (Some(until), Some(place)) = (until, place) {
        // Without a place to keep it, the next question asks the service again.
        drop(keep(&place, &Kept { header: header.clone(), until }));
    }
    let headers = Headers { accept, authorization: vec![header] };
    Ok(HelperAnswer { expires: until.and_then(time), headers })
}

/// Whether a registry's login may be seen by everybody on the way to it.
fn may_be_plain(registry: &RegistryHost, project: &Project) -> bool {
    registry.is_loopback() || project.registries.get(registry).is_some_and(|settings| settings.insecure)
}

/// The project around the working directory, whose settings of registries hold here too; an empty one elsewhere.
fn session(host: &Host) -> Result<Session<'_>, Failure> {
    let directory = session::directory(host)?;
    match discover::find(&directory, host.global.project.as_deref())? {
        Some(found) => Session::alone(host, directory, found),
        None => {
            let found = Found { root: directory.clone(), sources: Vec::new() };
            Ok(Session { project: Project::default(), ..Session::alone(host, directory, found)? })
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
    serde_json::from_slice(&imagelock_files::bytes(place, KEPT_BYTES).ok()??).ok()
}

fn keep(place: &Utf8Path, kept: &Kept) -> std::io::Result<()> {
    let text = serde_json::to_vec(kept)?;
    write::secret(place, &text)
}

#[cfg(test)]
mod tests {
    use imagelock_core::project::Source;
    use imagelock_core::source::SourceFile;

    use super::*;

    #[test]
    fn the_repository_is_read_from_the_address_of_what_is_fetched() {
        for (uri, repository, is_manifest, is_plain) in [
            (
                "https://registry-1.docker.io/v2/library/postgres/manifests/sha256:00",
                "docker.io/library/postgres",
                true,
                false,
            ),
            ("http://127.0.0.1:5000/v2/a/blobs/b/blobs/sha256:00?x=1", "127.0.0.1:5000/a/blobs/b", false, true),
            ("HTTPS://GHCR.IO:443/v2/a/manifests/1", "ghcr.io/a", true, false),
            ("HTTP://ghcr.io:80/v2/a/manifests/1", "ghcr.io/a", true, true),
            ("Http://ghcr.io:443/v2/a/blobs/1", "ghcr.io:443/a", false, true),
            ("http://[::1]:5000/v2/a/blobs/1", "[::1]:5000/a", false, true),
            ("https://[2001:db8::1]/v2/a/tags/list", "[2001:db8::1]/a", false, false),
        ] {
            let asked = Asked::read(uri).map(|asked| (asked.repository.to_string(), asked.is_manifest, asked.is_plain));
            assert_eq!(asked, Some((repository.to_owned(), is_manifest, is_plain)), "{uri}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine_and_for_registries_that_the_project_calls_insecure() {
        let text =
            "[images]\n[registries.\"reg.test:5000\"]\ninsecure = true\n[registries.\"other.test\"]\n".to_owned();
        let project = Project::parse(&[Source::ImagesToml(SourceFile::new("images.toml", text))], &[]).unwrap();
        for (host, may) in [
            ("reg.test:5000", true),
            ("127.0.0.1:5000", true),
            ("[::1]:5000", true),
            ("localhost", true),
            ("reg.test", false),
            ("other.test", false),
            ("localhost.evil.test", false),
            ("10.0.0.1", false),
        ] {
            assert_eq!(may_be_plain(&host.parse().unwrap(), &project), may, "{host}");
        }
    }

    #[test]
    fn an_address_that_two_readers_could_read_in_two_ways_is_nobodys() {
        for uri in [
            "https://cdn.example.com/file",
            "https://u@ghcr.io/v2/a/blobs/x",
            "https://u:p@ghcr.io/v2/a/blobs/x",
            "https://evil.example\\@ghcr.io/v2/a/blobs/x",
            "https://ghcr.io\\.evil.example/v2/a/blobs/x",
            "https:\\\\ghcr.io\\v2\\a\\blobs\\x",
            "https://ghcr.io%2eevil.example/v2/a/blobs/x",
            "https://ghcr.io#@evil.example/v2/a/blobs/x",
            "https://ghcr.io?@evil.example/v2/a/blobs/x",
            "https://ghcr.io/v2/../v2/a/blobs/x",
            "https://ghcr.io/v2/a%2fb/blobs/x",
            "https:///ghcr.io/v2/a/blobs/x",
            "https://ghcr.io:/v2/a/blobs/x",
            " https://ghcr.io/v2/a/blobs/x",
            "https://gh\tcr.io/v2/a/blobs/x",
            "https://ghcr\u{3002}io/v2/a/blobs/x",
            "https:ghcr.io/v2/a/blobs/x",
            "ftp://a/v2/b/blobs/c",
            "x",
            "",
        ] {
            assert_eq!(Asked::read(uri), None, "{uri}");
        }
    }
}
