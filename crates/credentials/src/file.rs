//! One credentials file: where it is, what it says, and what its `auths` hold for a repository.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use serde_json::error::Category;

use crate::credential::{Credential, Origin, Secret};
use crate::environment::{DOCKER_AUTH_CONFIG, Environment};
use crate::error::{Error, FileProblem};
use crate::scope;

/// Clients disagree on whether `auth` is padded.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The largest credentials file that is read, in bytes: a thousand registries with the longest tokens fit.
const LARGEST: u64 = 8 << 20;

/// A credentials file that exists, or a variable that stands for one.
pub(crate) struct File {
    pub(crate) place: Place,
    helpers: BTreeMap<String, String>,
    store: Option<String>,
    /// By scope; several keys of a file may mean the same scope, and they are kept in byte order of the keys.
    auths: BTreeMap<String, Vec<(String, Auth)>>,
}

/// Where a file's text is.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// In a variable.
    Variable(&'static str),
    /// In a file, whose path has the home folder written as `~`, as people know it.
    File(Utf8PathBuf),
}

/// The format of `config.json` and `auth.json`. `null` stands for an absent value, as in the clients.
#[derive(Default, Deserialize)]
struct Text {
    auths: Option<BTreeMap<String, Option<Auth>>>,
    #[serde(rename = "credHelpers")]
    helpers: Option<BTreeMap<String, Option<String>>>,
    #[serde(rename = "credsStore")]
    store: Option<String>,
}

#[derive(Default, Deserialize)]
struct Auth {
    #[serde(rename = "auth")]
    login: Option<String>,
    username: Option<String>,
    password: Option<String>,
    #[serde(rename = "identitytoken")]
    identity_token: Option<String>,
    #[serde(rename = "registrytoken")]
    registry_token: Option<String>,
}

/// The format of `DOCKER_AUTH_CONFIG`: Docker takes no other key, and nothing that is not a login, so that no secret is
/// in it that Docker would not use (`cli/config/configfile/file.go`, since version 28).
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Variable {
    auths: Option<BTreeMap<String, VariableAuth>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VariableAuth {
    auth: String,
}

/// The layout of a file.
#[derive(Clone, Copy)]
enum Format {
    Config,
    /// `.dockercfg` is what later became the value of `auths`.
    Legacy,
}

/// Reads the files of an environment that exist, in search order.
pub(crate) fn load_all(environment: &Environment) -> Result<Vec<File>, Error> {
    let home = environment.home()?;
    let mut files = Vec::new();
    for (path, format) in places(environment, home.as_deref())? {
        if let Some(bytes) = read(&path)? {
            let shown = abbreviate(&path, home.as_deref());
            let text = parse(&bytes, format).map_err(|source| malformed(path, &source))?;
            files.push(text.at(Place::File(shown)));
        }
    }
    Ok(files)
}

/// Reads `DOCKER_AUTH_CONFIG`. Docker warns of one that is not as it should be, and goes on with its file.
pub(crate) fn of_variable(environment: &Environment) -> Result<Option<File>, FileProblem> {
    let text = environment.text(DOCKER_AUTH_CONFIG).map_err(|_| FileProblem::Syntax)?.unwrap_or_default();
    if text.trim_ascii().is_empty() {
        return Ok(None);
    }
    let variable: Variable = serde_json::from_str(text).map_err(|error| match error.classify() {
        Category::Data => FileProblem::NotLogins,
        Category::Io | Category::Syntax | Category::Eof => FileProblem::Syntax,
    })?;
    let mut auths = BTreeMap::new();
    for (key, VariableAuth { auth }) in variable.auths.unwrap_or_default() {
        // One that has no name for its user, or is empty, makes Docker pass over all of them.
        match decode(&auth)? {
            Some(Credential::Basic { username, .. }) if username.is_empty() => return Err(FileProblem::Login),
            Some(_) => {}
            None => return Err(FileProblem::Login),
        }
        auths.insert(key, Some(Auth { login: Some(auth), ..Auth::default() }));
    }
    Ok(Some(Text { auths: Some(auths), ..Text::default() }.at(Place::Variable(DOCKER_AUTH_CONFIG))))
}

fn places(environment: &Environment, home: Option<&Utf8Path>) -> Result<Vec<(Utf8PathBuf, Format)>, Error> {
    let docker = environment.path("DOCKER_CONFIG")?;
    let config = match environment.xdg("XDG_CONFIG_HOME")? {
        Some(config) => Some(config.to_owned()),
        None => home.map(|home| home.join(".config")),
    };
    let docker_home = if docker.is_some() { None } else { home };
    let configs = [
        environment.path("REGISTRY_AUTH_FILE")?.map(Utf8Path::to_owned),
        docker.map(|folder| folder.join("config.json")),
        environment.xdg("XDG_RUNTIME_DIR")?.map(|folder| folder.join("containers/auth.json")),
        config.map(|folder| folder.join("containers/auth.json")),
        docker_home.map(|home| home.join(".docker/config.json")),
    ];
    let mut places: Vec<_> = configs.into_iter().flatten().map(|path| (path, Format::Config)).collect();
    places.extend(home.map(|home| (home.join(".dockercfg"), Format::Legacy)));
    Ok(places)
}

/// Reads a file, if it is there. `/dev/null` in its place says that there is none.
fn read(path: &Utf8Path) -> Result<Option<Vec<u8>>, Error> {
    if path == "/dev/null" {
        return Ok(None);
    }
    imagelock_files::bytes(path, LARGEST).map_err(Error::Unreadable)
}

fn parse(bytes: &[u8], format: Format) -> serde_json::Result<Text> {
    // Docker takes an empty file for an empty configuration.
    if bytes.trim_ascii().is_empty() {
        return Ok(Text::default());
    }
    match format {
        Format::Config => serde_json::from_slice(bytes),
        Format::Legacy => Ok(Text { auths: serde_json::from_slice(bytes)?, ..Text::default() }),
    }
}

fn malformed(path: Utf8PathBuf, error: &serde_json::Error) -> Error {
    let problem = match error.classify() {
        Category::Data => FileProblem::Type,
        Category::Io | Category::Syntax | Category::Eof => FileProblem::Syntax,
    };
    Error::Malformed { path, line: error.line(), column: error.column(), problem }
}

fn abbreviate(path: &Utf8Path, home: Option<&Utf8Path>) -> Utf8PathBuf {
    match home.and_then(|home| path.strip_prefix(home).ok()) {
        Some(inside) => Utf8Path::new("~").join(inside),
        None => path.to_owned(),
    }
}

impl Place {
    /// Where a credential of this file came from.
    pub(crate) fn origin(&self) -> Origin {
        match self {
            Self::Variable(name) => Origin::Variable { name: (*name).to_owned() },
            Self::File(path) => Origin::File { path: path.clone() },
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(formatter, "${name}"),
            Self::File(path) => write!(formatter, "{path}"),
        }
    }
}

impl Text {
    fn at(self, place: Place) -> File {
        let mut auths = BTreeMap::<_, Vec<_>>::new();
        for (key, auth) in self.auths.unwrap_or_default() {
            auths.entry(scope::of_key(&key)).or_default().push((key, auth.unwrap_or_default()));
        }
        let mut helpers = BTreeMap::new();
        for (key, helper) in self.helpers.unwrap_or_default() {
            // The first of two keys that mean the same host wins: in byte order the bare host comes before its address.
            helpers.entry(scope::of_key(&key)).or_insert(helper.unwrap_or_default());
        }
        File { place, helpers, store: self.store, auths }
    }
}

impl File {
    /// Returns the name of the helper that keeps a host's credentials. An empty name in `credHelpers` says that none
    /// does, not even the one of `credsStore`.
    pub(crate) fn helper(&self, host: &str) -> Option<&str> {
        scope::names(host)
            .iter()
            .find_map(|name| self.helpers.get(name))
            .or(self.store.as_ref())
            .map(String::as_str)
            .filter(|helper| !helper.is_empty())
    }

    /// Returns what `auths` hold for a repository. Entries without content are passed over: `docker login` leaves one
    /// behind for each host whose credentials a helper keeps.
    pub(crate) fn credential(&self, host: &str, repository: &str) -> Result<Option<Credential>, Error> {
        for scope in scope::candidates(host, repository) {
            for (key, auth) in self.auths.get(&scope).into_iter().flatten() {
                let found = auth.credential().map_err(|problem| Error::Entry {
                    path: self.place.to_string().into(),
                    key: key.clone(),
                    problem,
                })?;
                if found.is_some() {
                    return Ok(found);
                }
            }
        }
        Ok(None)
    }
}

impl Auth {
    /// A token is preferred to a login: Azure writes an identity token beside a login that has no password.
    fn credential(&self) -> Result<Option<Credential>, FileProblem> {
        if let Some(token) = filled(self.registry_token.as_ref()) {
            return Ok(Some(Credential::RegistryToken(Secret::new(token))));
        }
        if let Some(token) = filled(self.identity_token.as_ref()) {
            return Ok(Some(Credential::IdentityToken(Secret::new(token))));
        }
        if let Some(login) = filled(self.login.as_ref()) {
            return decode(login);
        }
        let login = filled(self.username.as_ref()).zip(filled(self.password.as_ref()));
        Ok(login.map(|(username, password)| Credential::from_login(username, password)))
    }
}

fn filled(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

fn decode(auth: &str) -> Result<Option<Credential>, FileProblem> {
    // Old clients wrapped the text in lines and filled the decoded bytes up with NULs.
    let auth: String = auth.split_ascii_whitespace().collect();
    let bytes = BASE64.decode(auth).map_err(|_| FileProblem::Base64)?;
    let login = String::from_utf8(bytes).map_err(|_| FileProblem::Login)?;
    let (username, password) = login.trim_end_matches('\0').split_once(':').ok_or(FileProblem::Login)?;
    let empty = username.is_empty() && password.is_empty();
    Ok((!empty).then(|| Credential::from_login(username, password)))
}
