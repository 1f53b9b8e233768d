//! How registries are reached: one [`RegistrySettings`] a host, and the limits of all requests.

use std::ops::RangeInclusive;
use std::time::Duration;

pub use imagelock_core::project::Mirror;

/// How one registry is reached. A mirror is a registry too: what holds for it stands under its own host.
#[derive(Clone, Debug, Default)]
pub struct RegistrySettings {
    /// Hosts that are asked by digest before the registry is, in this order.
    pub mirrors: Vec<Mirror>,
    /// Whether to speak plain HTTP. This machine is spoken to so in any case, unless it has a `ca`.
    pub insecure: bool,
    /// Certificates in PEM form that are trusted for this registry, beside the system's.
    pub ca: Option<Vec<u8>>,
    /// Hosts of token services, beside the registry's own, that may be sent this registry's credentials.
    pub token_hosts: Vec<String>,
    /// Hosts that the registry may redirect manifests and tags to, beside itself. `*.example.com` means every host
    /// below `example.com`.
    pub redirect_hosts: Vec<String>,
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Connecting, with TLS.
    pub connect: Duration,
    /// Silence in an answer.
    pub read: Duration,
    /// One attempt at a manifest, a configuration or a token, with its redirects, from the first byte to the last.
    pub request: Duration,
    /// All attempts at one thing: none is begun after this.
    pub operation: Duration,
    /// All pages of one list of tags.
    pub list: Duration,
    /// What any body has to bring.
    pub pace: Pace,
    /// Everything that a client does, from when it was made.
    pub run: Option<Duration>,
}

/// The least that a body brings while it is waited for: so many bytes in every window, but the last.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The least, in bytes.
    pub bytes: u64,
    /// How long they may take.
    pub window: Duration,
}

impl Default for Timeouts {
    /// A registry that has not answered within these is down, or too slow to wait for with a build.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            read: Duration::from_secs(30),
            request: Duration::from_mins(1),
            operation: Duration::from_mins(3),
            // A thousand pages of a thousand tags, at half a second each.
            list: Duration::from_mins(10),
            // 1 KiB a second, which a modem of 1991 does; whoever sends less wants to be waited for.
            pace: Pace { bytes: 20 << 10, window: Duration::from_secs(20) },
            run: None,
        }
    }
}

/// How failures that may pass are waited out.
#[derive(Clone, Debug)]
pub struct Backoff {
    /// How often a request is sent at most.
    pub attempts: u32,
    /// The longest wait after the first failure; it doubles with every further one. The wait is chosen at random
    /// between nothing and that, so that many clients do not come back at once.
    pub base: Duration,
    /// The longest wait of all.
    pub most: Duration,
    /// What is made of `Retry-After`: less than the lower end is raised to it (one registry asks for microseconds);
    /// more than the upper end fails at once.
    pub retry_after: RangeInclusive<Duration>,
    pub(crate) waits: bool,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            attempts: 4,
            base: Duration::from_millis(500),
            most: Duration::from_secs(8),
            retry_after: Duration::from_secs(1)..=Duration::from_mins(1),
            waits: true,
        }
    }
}

impl Backoff {
    /// The default, but no time passes in its waits. For tests.
    pub fn without_waiting() -> Self {
        Self { waits: false, ..Self::default() }
    }
}
