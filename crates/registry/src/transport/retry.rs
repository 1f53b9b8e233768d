//! What is tried again, and when.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::{Duration, SystemTime};

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::error::ErrorKind;
use crate::settings::Backoff;

/// A failed attempt.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) kind: ErrorKind,
    pub(crate) status: Option<u16>,
    pub(crate) retry: Retry,
}

/// Whether a failure may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retry {
    /// It does not.
    Never,
    /// It may.
    Soon,
    /// It may, but finding out takes long: one more attempt.
    Once,
    /// The host says when.
    After(Duration),
}

impl Failure {
    pub(crate) fn last(kind: ErrorKind) -> Self {
        Self { kind, status: None, retry: Retry::Never }
    }
}

/// Whether a status may be another one the next time: those that go-containerregistry retries, which includes 499 and
/// 522, written by proxies that lost their client or their registry.
pub(crate) fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 499 | 500 | 502 | 503 | 504 | 522)
}

/// Reads `Retry-After` (RFC 9110, section 10.2.3): seconds or a date. Fractions, which some registries send, count.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

/// Returns how long to wait after the failure of attempt number `attempt`, or nothing if it was the last.
pub(crate) fn pause(backoff: &Backoff, retry: Retry, attempt: u32, random: u64) -> Option<Duration> {
    if attempt >= backoff.attempts {
        return None;
    }
    match retry {
        Retry::Never => None,
        Retry::Once if attempt > 1 => None,
        Retry::Soon | Retry::Once => {
            let doubled = backoff.base.saturating_mul(1_u32.checked_shl(attempt - 1).unwrap_or(u32::MAX));
            let most = doubled.min(backoff.most).as_nanos();
            let nanos = (most * u128::from(random)) >> 64;
            Some(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
        }
        Retry::After(asked) if asked > *backoff.retry_after.end() => None,
        Retry::After(asked) => Some(asked.max(*backoff.retry_after.start())),
    }
}

/// Returns a number that another run does not return. It only spreads requests in time.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str) -> Option<Duration> {
        let headers = [(RETRY_AFTER, text.parse().unwrap())].into_iter().collect();
        retry_after(&headers, SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777))
    }

    #[test]
    fn retry_after_is_read_in_every_form() {
        assert_eq!(after("7"), Some(Duration::from_secs(7)));
        assert_eq!(after("0.000173"), Some(Duration::from_micros(173)));
        assert_eq!(after("Sun, 06 Nov 1994 08:49:47 GMT"), Some(Duration::from_secs(10)));
        assert_eq!(after("Sun, 06 Nov 1994 08:49:27 GMT"), Some(Duration::ZERO));
        for text in ["soon", "-1", "NaN", "inf", ""] {
            assert_eq!(after(text), None, "{text}");
        }
    }

    #[test]
    fn a_host_that_asks_for_less_or_more_than_is_sensible_is_not_obeyed() {
        let backoff = Backoff::default();
        let pause = |asked| pause(&backoff, Retry::After(asked), 1, 0);
        assert_eq!(pause(Duration::from_micros(1)), Some(Duration::from_secs(1)));
        assert_eq!(pause(Duration::from_secs(7)), Some(Duration::from_secs(7)));
        assert_eq!(pause(Duration::from_secs(61)), None);
    }

    #[test]
    fn pauses_double_up_to_the_most_and_end() {
        let backoff = Backoff { attempts: 9, ..Backoff::default() };
        let longest = |attempt| pause(&backoff, Retry::Soon, attempt, u64::MAX).map(|pause| pause.as_millis());
        let all: Vec<_> = (1..=9).map(longest).collect();
        let expected =
            [Some(499), Some(999), Some(1999), Some(3999), Some(7999), Some(7999), Some(7999), Some(7999), None];
        assert_eq!(all, expected);
        assert_eq!(pause(&backoff, Retry::Soon, 1, 0), Some(Duration::ZERO));
        assert_eq!(pause(&backoff, Retry::Never, 1, 0), None);
        assert_eq!(pause(&backoff, Retry::Once, 1, 0), Some(Duration::ZERO));
        assert_eq!(pause(&backoff, Retry::Once, 2, 0), None);
    }
}
