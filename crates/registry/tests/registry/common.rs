//! What the tests share: a runtime, a client that does not wait, names.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};

use imagelock_core::policy::LIMIT;
use imagelock_core::{ImageName, LockedImage, Platform, Reference, Repository, Request, Tag, Wanted};
use imagelock_credentials::{Environment, Store};
use imagelock_registry::{Backoff, Client, ClientBuilder, Error, ErrorKind, RegistrySettings, Resolver, Step, Take};
use imagelock_testkit::Registry;

/// Runs a future as the command line does: on one thread.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// A client without a cache, whose waits take no time.
pub(crate) fn builder() -> ClientBuilder {
    Client::builder().backoff(Backoff::without_waiting())
}

pub(crate) fn client() -> Client {
    builder().build().unwrap()
}

/// A client that knows a user's password for one host.
pub(crate) fn with_password(host: &str, login: &str) -> ClientBuilder {
    let name = host.to_ascii_uppercase().replace('.', "_").replace(':', "___");
    let environment = Environment::empty().with(format!("IMAGELOCK_AUTH_{name}"), login);
    builder().credentials(Arc::new(Store::load(&environment).unwrap()))
}

/// A client with a Docker configuration file.
pub(crate) fn with_file(directory: &std::path::Path, config: &str) -> ClientBuilder {
    std::fs::write(directory.join("config.json"), config).unwrap();
    let environment = Environment::empty().with("DOCKER_CONFIG", directory);
    builder().credentials(Arc::new(Store::load(&environment).unwrap()))
}

pub(crate) fn reference(registry: &Registry, rest: &str) -> Reference {
    format!("{}/{rest}", registry.host()).parse().unwrap()
}

pub(crate) fn repository(registry: &Registry, path: &str) -> Repository {
    format!("{}/{path}", registry.host()).parse().unwrap()
}

pub(crate) fn settings(edit: impl FnOnce(&mut RegistrySettings)) -> RegistrySettings {
    let mut settings = RegistrySettings::default();
    edit(&mut settings);
    settings
}

pub(crate) fn platforms(texts: &[&str]) -> Vec<Platform> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// A request for a tag, and for platforms where some are named.
pub(crate) fn request(registry: &Registry, rest: &str, wanted: &[&str]) -> Request {
    let Reference { repository, tag, digest } = reference(registry, rest);
    let platforms = (!wanted.is_empty()).then(|| platforms(wanted).into_iter().collect());
    let wanted = match digest {
        Some(digest) => Wanted::Digest { repository, tag, digest },
        None => Wanted::Tag { repository, tag: tag.unwrap_or_else(Tag::latest) },
    };
    Request { wanted, platforms }
}

pub(crate) fn name(text: &str) -> ImageName {
    text.parse().unwrap()
}

/// Resolves one request.
pub(crate) fn resolve(client: Client, request: &Request) -> Result<LockedImage, Error> {
    update(client, request, None)
}

/// Resolves one request that has an answer already.
pub(crate) fn update(client: Client, request: &Request, known: Option<&LockedImage>) -> Result<LockedImage, Error> {
    let step = [Step { name: &name("app"), request, known, take: Take::Newest, limit: LIMIT, gate: None }];
    match run(Resolver::new(client).resolve(&step)) {
        Ok(mut resolved) => Ok(resolved.images.remove("app").unwrap()),
        Err(mut failures) => Err(failures.remove(0).1),
    }
}

pub(crate) fn resolve_all(client: Client, requests: &BTreeMap<ImageName, Request>) -> BTreeMap<ImageName, LockedImage> {
    let steps: Vec<Step<'_>> = requests
        .iter()
        .map(|(name, request)| Step { name, request, known: None, take: Take::Newest, limit: LIMIT, gate: None })
        .collect();
    run(Resolver::new(client).resolve(&steps)).unwrap().images
}

pub(crate) fn kind(error: Error) -> ErrorKind {
    error.kind
}

/// A listener and the client that speaks to it.
pub(crate) fn listening(builder: ClientBuilder) -> (Client, Arc<Mutex<Vec<String>>>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    (builder.reporter(Arc::clone(&events) as _).build().unwrap(), events)
}
