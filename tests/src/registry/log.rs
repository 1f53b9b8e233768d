//! The registry's own log, read while it is written.

use std::{
    io::BufRead,
    sync::{Condvar, Mutex, PoisonError},
};

/// One request that a registry has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The status of the answer.
    pub status: u16,
}

/// The requests so far.
#[derive(Default)]
pub(super) struct Log {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    requests: Vec<Request>,
    ended: bool,
}

impl Log {
    /// Reads the access log to its end.
    pub(super) fn follow(&self, lines: impl BufRead) {
        for line in lines.lines().map_while(Result::ok) {
            if let Some(request) = request(&line) {
                self.state.lock().unwrap_or_else(PoisonError::into_inner).requests.push(request);
                self.changed.notify_all();
            }
        }
        self.state.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        self.changed.notify_all();
    }

    /// Returns the requests before one with the path `mark`, which is waited for; no probe is among them.
    pub(super) fn until(&self, mark: &str) -> Vec<Request> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while !state.requests.iter().any(|request| request.path == mark) {
            assert!(!state.ended, "the registry has ended");
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let before = state.requests.iter().take_while(|request| request.path != mark);
        before.filter(|request| !request.path.starts_with("/v2/?probe=")).cloned().collect()
    }
}

/// Reads a line of the combined log format, in which the registry logs requests.
fn request(line: &str) -> Option<Request> {
    let mut quoted = line.split('"').skip(1);
    let mut words = quoted.next()?.split(' ');
    let (method, path) = (words.next()?, words.next()?);
    if !words.next()?.starts_with("HTTP/") {
        return None;
    }
    let status = quoted.next()?.split_whitespace().next()?.parse().ok()?;
    Some(Request { method: method.to_owned(), path: path.to_owned(), status })
}

/// Reads the port out of the message that a registry prints once it accepts connections.
pub(super) fn port(line: &str) -> Option<u16> {
    let address = line.split("listening on ").nth(1)?.split(['"', ',', ' ']).next()?;
    address.rsplit(':').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_access_line_gives_method_path_and_status() {
        let line = r#"127.0.0.1 - - [24/Nov/2026:04:52:00 +0000] "HEAD /v2/a/manifests/1 HTTP/1.1" 404 96 "" "agent""#;
        let expected = Request { method: "HEAD".into(), path: "/v2/a/manifests/1".into(), status: 404 };
        assert_eq!(request(line), Some(expected));
        assert_eq!(request(r#"time="2026" level=info msg="redis not configured""#), None);
    }

    #[test]
    fn the_port_is_read_with_and_without_tls() {
        assert_eq!(port(r#"level=info msg="listening on 127.0.0.1:43211" go.version=go1.19"#), Some(43211));
        assert_eq!(port(r#"level=info msg="listening on 127.0.0.1:43211, tls" x=y"#), Some(43211));
        assert_eq!(port(r#"level=info msg="redis not configured""#), None);
    }
}
