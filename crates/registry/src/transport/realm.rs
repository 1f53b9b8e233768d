//! Which token services are asked, and which are shown the registry's credentials.
//!
//! A registry names its token service in a header, so whoever can answer for a registry could otherwise have
//! credentials sent anywhere, or have requests sent into the network of the machine that runs this.

use std::net::{IpAddr, Ipv6Addr};

use url::{Host, Url};

/// Registries whose token service has another host, by their owners' word.
const PAIRS: &[(&str, &str)] = &[
    ("docker.io", "auth.docker.io"),
    ("registry-1.docker.io", "auth.docker.io"),
    ("registry.gitlab.com", "gitlab.com"),
];

/// A token service that may be asked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Realm {
    pub(crate) url: Url,
    /// Whether it may see the registry's credentials.
    pub(crate) trusted: bool,
}

/// Judges the `realm` that the registry at `registry` named. `canonical` is the registry's host in references,
/// `token_hosts` what the user allows for it.
pub(crate) fn judge(
    realm: &str,
    registry: &Url,
    canonical: &str,
    token_hosts: &[String],
) -> Result<Realm, &'static str> {
    let mut url = Url::parse(realm).map_err(|_| "its address is not a URL")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("its address holds a user name");
    }
    let (Some(host), Some(own)) = (url.host_str(), registry.host_str()) else {
        return Err("its address has no host");
    };
    let authority = authority(&url);
    let allowed = token_hosts.iter().any(|allowed| allowed == host || *allowed == authority);
    let plain = match url.scheme() {
        "https" => false,
        "http" if registry.scheme() == "http" => true,
        // A registry behind a proxy that ends TLS may not know of it, and names its service as it sees itself.
        "http" if host == own || allowed => false,
        "http" => {
            return Err(
                "it speaks plain HTTP, and the registry does not (over HTTPS only the registry's own host and its `token-hosts` are tried)",
            );
        }
        _ => return Err("its address is not HTTPS"),
    };
    let same_port = url.port_or_known_default() == registry.port_or_known_default();
    // Whoever holds the certificate of a name holds it on every port; with plain HTTP another port may be anybody.
    let same = host == own && (same_port || !plain && registry.scheme() == "https");
    let paired = !plain && PAIRS.contains(&(canonical, host));
    let trusted = same || allowed || paired;
    if !trusted && is_inside(&url) && !is_loopback(registry) {
        return Err("its address is this machine's or its own network's (`token-hosts` of the registry allows it)");
    }
    if !plain {
        // From one of the two schemes to the other there is nothing that could fail.
        let _ = url.set_scheme("https");
    }
    Ok(Realm { url, trusted })
}

/// The host of a URL, with its port where that is not the scheme's own.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Whether a URL leads to this machine, or to addresses that only it can reach: loopback, link-local (where clouds
/// keep the machine's own credentials) and unspecified ones.
pub(crate) fn is_inside(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_special(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => is_special(IpAddr::V6(address)),
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost") || name == "metadata.google.internal"
        }
        None => true,
    }
}

/// Whether a URL leads to this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// Whether only this machine, or its own network, can reach an address.
pub(crate) fn is_special(address: IpAddr) -> bool {
    // Metadata services outside the link-local ranges: AWS over IPv6, Alibaba Cloud.
    const METADATA: [IpAddr; 2] = [
        IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
        IpAddr::V4(std::net::Ipv4Addr::new(100, 100, 100, 200)),
    ];
    let address = address.to_canonical();
    let link_local = match address {
        IpAddr::V4(address) => address.is_link_local() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    link_local || address.is_loopback() || address.is_unspecified() || METADATA.contains(&address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusted(registry: &str, realm: &str, allowed: &[&str]) -> Result<bool, &'static str> {
        let allowed: Vec<String> = allowed.iter().map(|&host| host.to_owned()).collect();
        let registry: Url = registry.parse().unwrap();
        let canonical = match registry.host_str().unwrap() {
            "registry-1.docker.io" => "docker.io".to_owned(),
            _ => authority(&registry),
        };
        judge(realm, &registry, &canonical, &allowed).map(|realm| realm.trusted)
    }

    #[test]
    fn credentials_go_to_the_registry_itself_and_to_known_pairs_only() {
        for (registry, realm, answer) in [
            ("https://ghcr.io", "https://ghcr.io/token", true),
            ("https://registry-1.docker.io", "https://auth.docker.io/token", true),
            ("https://registry.gitlab.com", "https://gitlab.com/jwt/auth", true),
            ("https://gitlab.example.com:5050", "https://gitlab.example.com/jwt/auth", true),
            ("http://127.0.0.1:5000", "http://127.0.0.1:5000/token", true),
            ("http://127.0.0.1:5000", "http://127.0.0.1:5001/token", false),
            ("http://127.0.0.1:5000", "http://localhost:5000/token", false),
            ("http://localhost:5000", "http://127.0.0.1:5001/token", false),
            ("http://a.localhost:5000", "http://127.0.0.1:5001/token", false),
            ("http://a.example:5000", "https://a.example/token", false),
            ("https://ghcr.io", "https://auth.docker.io/token", false),
            ("https://evil.example", "https://gitlab.com/jwt/auth", false),
            ("https://ghcr.io", "https://ghcr.io.evil.example/token", false),
        ] {
            assert_eq!(trusted(registry, realm, &[]), Ok(answer), "{registry} {realm}");
        }
        assert_eq!(trusted("https://a.example", "https://auth.example/token", &["auth.example"]), Ok(true));
        assert_eq!(trusted("https://a.example", "https://auth.example:8443/t", &["auth.example:8443"]), Ok(true));
        assert_eq!(trusted("https://a.example", "https://auth.example/token", &["example"]), Ok(false));
    }

    #[test]
    fn addresses_that_only_this_machine_can_reach_are_not_asked() {
        for realm in [
            "https://127.0.0.1/token",
            "https://127.1/token",
            "https://2130706433/token",
            "https://[::1]/token",
            "https://[::ffff:127.0.0.1]/token",
            "https://[::ffff:169.254.169.254]/token",
            "https://169.254.169.254/latest/meta-data",
            "https://0.0.0.0/token",
            "https://[fe80::1]/token",
            "https://[fd00:ec2::254]/token",
            "https://localhost/token",
            "https://metadata.google.internal/token",
        ] {
            assert!(trusted("https://registry.example", realm, &[]).is_err(), "{realm}");
        }
        assert_eq!(trusted("https://10.0.0.7", "https://10.0.0.8/token", &[]), Ok(false));
    }

    #[test]
    fn other_addresses_than_https_without_a_user_are_refused() {
        for realm in [
            "http://other.example/token",
            "ftp://ghcr.io/",
            "https://me:pw@ghcr.io/t",
            "https://me@ghcr.io/t",
            "https://:pw@ghcr.io/t",
            "token",
            "",
            "file:///etc",
        ] {
            assert!(trusted("https://ghcr.io", realm, &[]).is_err(), "{realm}");
        }
        assert!(trusted("http://registry.example:5000", "http://auth.example/token", &[]).is_ok());
    }

    #[test]
    fn a_service_that_is_named_by_plain_http_is_asked_over_tls_where_it_is_the_registrys() {
        let judged = |realm, allowed: &[&str]| {
            let allowed: Vec<String> = allowed.iter().map(|&host| host.to_owned()).collect();
            judge(realm, &"https://a.example".parse().unwrap(), "a.example", &allowed)
                .map(|realm| realm.url.to_string())
        };
        assert_eq!(judged("http://a.example/token", &[]).unwrap(), "https://a.example/token");
        assert_eq!(judged("http://a.example:80/token", &[]).unwrap(), "https://a.example/token");
        assert_eq!(judged("http://a.example:5000/token", &[]).unwrap(), "https://a.example:5000/token");
        assert_eq!(judged("http://b.example/token", &["b.example"]).unwrap(), "https://b.example/token");
        assert!(judged("http://b.example/token", &[]).is_err());
    }
}
