//! Names that others chose: they lead to the outside only.
//!
//! A registry tells where its token service is and where its blobs are, and so has this machine send requests there.
//! [`realm`](super::realm) and [`redirect`](super::redirect) refuse addresses that only this machine can reach, as they are
//! written; a name that resolves to such an address is refused here, when it is looked up, so that nothing changes between
//! the look and the connection. Names that the user writes are not held to it, nor is what a proxy looks up.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::realm::is_special;

/// Looks names up, and leaves out addresses that only this machine can reach.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outside;

/// A name leads to nothing outside of this machine.
#[derive(Debug, thiserror::Error)]
#[error("the name of another's choice leads to this machine or its own network")]
pub(crate) struct Inside;

impl Resolve for Outside {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses = outside(found)?;
            let addresses: Addrs = Box::new(addresses.into_iter());
            Ok(addresses)
        })
    }
}

fn outside(found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, Inside> {
    let addresses: Vec<SocketAddr> = found.filter(|address| !is_special(address.ip())).collect();
    if addresses.is_empty() { Err(Inside) } else { Ok(addresses) }
}

/// Whether a request failed because of that.
pub(crate) fn is_inside(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<Inside>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Result<usize, Inside> {
        outside(texts.iter().map(|text| SocketAddr::new(text.parse().unwrap(), 0))).map(|addresses| addresses.len())
    }

    #[test]
    fn only_addresses_outside_are_left() {
        assert_eq!(addresses(&["127.0.0.1", "203.0.113.7", "::1", "10.0.0.8"]).unwrap(), 2);
        for inside in [&["127.0.0.1", "::1"][..], &["169.254.169.254"], &["::ffff:127.0.0.1"], &["fe80::1"], &[]] {
            assert!(addresses(inside).is_err(), "{inside:?}");
        }
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_not_connected_to() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://localhost:{}/", listener.local_addr().unwrap().port());
        let client = reqwest::Client::builder().no_proxy().dns_resolver(Outside).build().unwrap();
        let error = client.get(address).send().await.unwrap_err();
        assert!(is_inside(&error), "{error:?}");
        listener.set_nonblocking(true).unwrap();
        assert!(listener.accept().is_err(), "nobody came");
    }
}
