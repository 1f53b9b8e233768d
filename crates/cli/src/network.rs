//! The registry client of one run, made of the project's settings, and the run-time under it.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use imagelock_core::source::Label;
use imagelock_credentials::{Environment, Origin, Store};
use imagelock_registry::{BuildError, Cache, Client, Mirror, RegistrySettings, Reporter, Resolver, Timeouts};

use crate::failure::{Failure, Kind, Problem};
use crate::input::CERTIFICATE_BYTES;
use crate::session::Session;
use crate::signals::Signals;

/// How long registries may take in a run: ten thousand images of a slow one take a third of it.
const TIME_LIMIT: Duration = Duration::from_hours(1);

/// Where what registries answered is kept, by digest: below the user's cache directory.
pub(crate) fn cache_directory() -> Option<Utf8PathBuf> {
    let variable = |name: &str| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty())?;
        Utf8PathBuf::from_os_string(value).ok().filter(|path| path.is_absolute())
    };
    if let Some(directory) = variable("IMAGELOCK_CACHE") {
        return Some(directory);
    }
    let base = variable("XDG_CACHE_HOME")
        .or_else(|| variable("LOCALAPPDATA"))
        .or_else(|| variable("HOME").map(|home| home.join(".cache")));
    base.map(|base| base.join("imagelock"))
}

impl Session<'_> {
    /// Makes the resolver that speaks to this project's registries.
    pub(crate) fn resolver(&self, reporter: Arc<dyn Reporter>) -> Result<Resolver, Failure> {
        self.resolver_within(TIME_LIMIT, reporter)
    }

    /// Likewise, with another limit of the time that it may take, unless the person sets one.
    pub(crate) fn resolver_within(&self, limit: Duration, reporter: Arc<dyn Reporter>) -> Result<Resolver, Failure> {
        let cache = match cache_directory() {
            Some(directory) if !self.host.global.no_cache => Cache::at(directory),
            _ => Cache::none(),
        };
        Ok(Resolver::new(self.client(limit, cache, reporter)?).root(self.root.clone()))
    }

    /// Makes a client that speaks to this project's registries, with connections, tokens and limits of its own.
    pub(crate) fn client(&self, limit: Duration, cache: Cache, reporter: Arc<dyn Reporter>) -> Result<Client, Failure> {
        let credentials =
            Store::load(&Environment::from_process()).map_err(|error| Failure::input(error.to_string()))?;
        // Whether a login is missed is not known yet.
        if let Some(Origin::Unread { name, problem }) = credentials.unread() {
            self.host.shell.warn(&format!("${name} is passed over: {problem}"));
        }
        let mut builder = Client::builder().credentials(Arc::new(credentials)).cache(cache).reporter(reporter);
        let run = Some(self.host.global.time_limit.unwrap_or(limit));
        builder = builder.timeouts(Timeouts { run, ..Timeouts::default() });
        if let Some(jobs) = self.host.global.jobs.and_then(|jobs| NonZeroUsize::new(jobs.into())) {
            builder = builder.per_host(jobs).overall(jobs.saturating_mul(NonZeroUsize::MIN.saturating_add(3)));
        }
        for (host, settings) in &self.project.registries {
            builder = builder.registry(host.clone(), self.settings(settings)?);
        }
        builder.build().map_err(|error| self.unusable(&error))
    }

    /// A client cannot be made for its certificates: the place that names their file is shown.
    fn unusable(&self, error: &BuildError) -> Failure {
        let BuildError::Certificates { host, .. } = error;
        let named = self.project.registries.iter().filter(|(name, _)| name.as_str() == host);
        let files = named.filter_map(|(_, settings)| settings.ca.as_ref());
        let labels = files.map(|file| Label::primary(&file.at, "")).collect();
        let problem = Problem::new(error.to_string()).help("it is a file of `-----BEGIN CERTIFICATE-----` blocks");
        let problem = Problem { labels, ..problem };
        Failure::new(Kind::Input, problem)
    }

    fn settings(&self, settings: &imagelock_core::project::RegistrySettings) -> Result<RegistrySettings, Failure> {
        let ca = match &settings.ca {
            None => None,
            Some(path) => {
                let fail = |message: String| {
                    Failure::new(Kind::Input, Problem::new(message).label(Label::primary(&path.at, "")))
                };
                let read = imagelock_files::bytes(&self.root.join(&path.value), CERTIFICATE_BYTES);
                let read = read.map_err(|error| fail(error.shown(&path.value).to_string()))?;
                Some(read.ok_or_else(|| fail(format!("cannot read `{}`: there is no such file", path.value)))?)
            }
        };
        let mirrors = settings.mirrors.iter().map(|mirror| &mirror.value);
        Ok(RegistrySettings {
            mirrors: mirrors
                .map(|mirror| Mirror { host: mirror.host.clone(), prefix: mirror.prefix.clone() })
                .collect(),
            insecure: settings.insecure,
            ca,
            token_hosts: settings.token_hosts.iter().map(|host| host.value.to_string()).collect(),
            redirect_hosts: settings.redirect_hosts.iter().map(|host| host.value.as_str().to_owned()).collect(),
        })
    }
}

/// Runs `work`, which writes nothing before its end.
pub(crate) fn run<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    run_or(work, "nothing was written")
}

/// Runs `work` to its end, or until somebody wants the run to end: then it is dropped, and the temporary files of it
/// with it. `left` says what became of what it was to write.
pub(crate) fn run_or<T>(work: impl Future<Output = T>, left: &str) -> Result<T, Failure> {
    let _taken = Signals::take();
    run_through(async || {
        tokio::select! {
            done = work => Ok(done),
            () = Signals::arrive() => Err(Failure::new(Kind::Registry, Problem::new(format!("interrupted; {left}")))),
        }
    })?
}

/// Runs `work` to its end, which sees to signals itself.
pub(crate) fn run_through<T>(work: impl AsyncFnOnce() -> T) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(work()))
}
