//! Pushing an image to any registry that speaks plain HTTP, such as a real one on the loopback interface.
//!
//! A client of sixty lines keeps an HTTP client out of the dependencies; it opens a connection for each request and
//! knows nothing of redirects, tokens or TLS.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Image;

/// A user's name and password for basic authentication.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    /// The user's name.
    pub user: &'a str,
    /// The user's password.
    pub password: &'a str,
}

impl Image {
    /// Pushes the image over HTTP, where `url` is a registry's base address such as `http://127.0.0.1:5000`.
    pub fn push_to(&self, url: &str, repository: &str, tag: &str, user: Option<Credentials<'_>>) -> io::Result<()> {
        let host = url.trim_end_matches('/').strip_prefix("http://").ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("`{url}` is not an address of plain HTTP"))
        })?;
        let client = Client { host, authorization: user.map(authorization) };
        let built = self.built();
        for (digest, bytes) in &built.blobs {
            client.push_blob(repository, digest, bytes)?;
        }
        for manifest in &built.manifests {
            let name = if manifest.digest == built.root.digest { tag } else { &manifest.digest };
            let target = format!("/v2/{repository}/manifests/{name}");
            client.expect(201, "PUT", &target, Some(&manifest.media_type), &manifest.bytes)?;
        }
        Ok(())
    }
}

fn authorization(user: Credentials<'_>) -> String {
    format!("Basic {}", STANDARD.encode(format!("{}:{}", user.user, user.password)))
}

struct Client<'a> {
    host: &'a str,
    authorization: Option<String>,
}

impl Client<'_> {
    fn push_blob(&self, repository: &str, digest: &str, bytes: &[u8]) -> io::Result<()> {
        let head = self.expect(202, "POST", &format!("/v2/{repository}/blobs/uploads/"), None, b"")?;
        let location = header(&head, "location").unwrap_or_default();
        let base = format!("http://{}", self.host);
        let target = location.strip_prefix(&base).unwrap_or(location);
        let joint = if target.contains('?') { '&' } else { '?' };
        let target = format!("{target}{joint}digest={digest}");
        self.expect(201, "PUT", &target, Some("application/octet-stream"), bytes).map(drop)
    }

    /// Sends a request and returns the head of the answer, if it has the status that was expected.
    fn expect(&self, status: u16, method: &str, target: &str, kind: Option<&str>, body: &[u8]) -> io::Result<String> {
        let mut stream = TcpStream::connect(self.host)?;
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.host);
        for (name, value) in [("Authorization", self.authorization.as_deref()), ("Content-Type", kind)] {
            if let Some(value) = value {
                head.extend([name, ": ", value, "\r\n"]);
            }
        }
        head.extend(["Content-Length: ", &body.len().to_string(), "\r\n\r\n"]);
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let found = answer.split(' ').nth(1).unwrap_or("nothing");
        if found == status.to_string() {
            return Ok(answer);
        }
        Err(io::Error::other(format!("`{method} {target}` on `{}` was answered with {found}: {answer}", self.host)))
    }
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    head.lines().skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
