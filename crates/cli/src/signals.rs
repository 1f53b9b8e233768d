//! The signals that end a run: what has begun is dropped, and its temporary files with it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
#[cfg(unix)]
use std::sync::{Arc, LazyLock};

#[cfg(unix)]
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

/// The signals, taken for as long as this or another one lives.
pub(crate) struct Signals;

/// How many runs have taken the signals.
static TAKERS: AtomicUsize = AtomicUsize::new(0);
/// Whether one has arrived since the first of them took them.
#[cfg(not(unix))]
static CAME: AtomicBool = AtomicBool::new(false);

#[cfg(unix)]
static CAME: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Which signals are taken, and whether no run has taken them. Then they do what they do to any program: tokio never
/// gives them back, and whoever embeds this one must be ended by them too.
#[cfg(unix)]
static TAKEN: LazyLock<(Vec<i32>, Arc<AtomicBool>)> = LazyLock::new(|| {
    let free = Arc::new(AtomicBool::new(false));
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let unignored = [SIGHUP, SIGQUIT].into_iter().filter(|signal| is_ignored(*signal, &status) == Some(false));
    let taken: Vec<i32> = [SIGINT, SIGTERM].into_iter().chain(unignored).collect();
    for signal in &taken {
        // Where a handler cannot be set, tokio has none either.
        drop(signal_hook::flag::register_conditional_default(*signal, Arc::clone(&free)));
        drop(signal_hook::flag::register(*signal, Arc::clone(&CAME)));
    }
    (taken, free)
});

/// Whether whoever started the process wants it to outlive a signal, as `nohup` does for a terminal that goes away. Only
/// Linux tells it, in its `status` of the process; a signal that may be ignored stays as it is.
#[cfg(unix)]
fn is_ignored(signal: i32, status: &str) -> Option<bool> {
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    let ignored = u64::from_str_radix(ignored.trim(), 16).ok()?;
    Some(ignored >> (signal - 1) & 1 == 1)
}

impl Signals {
    pub(crate) fn take() -> Self {
        if TAKERS.fetch_add(1, Ordering::SeqCst) == 0 {
            CAME.store(false, Ordering::SeqCst);
            #[cfg(unix)]
            TAKEN.1.store(false, Ordering::SeqCst);
        }
        Self
    }

    /// Whether the process was asked to end, while they are taken.
    pub(crate) fn came() -> bool {
        CAME.load(Ordering::SeqCst)
    }

    /// Ends when the process is asked to, while they are taken: by Ctrl-C, by a terminal that goes away, or by whoever supervises
    /// it. Ends at once where it was asked before.
    pub(crate) async fn arrive() {
        Self::arrive_while(|| CAME.load(Ordering::SeqCst)).await;
        CAME.store(true, Ordering::SeqCst);
    }

    /// Ends when the process is asked to for the second time.
    pub(crate) async fn arrive_twice() {
        Self::arrive().await;
        Self::arrive_while(|| false).await;
    }

    /// Ends with the next signal, or where `came` says that one came before it was waited for.
    async fn arrive_while(came: impl Fn() -> bool) {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let taken = TAKEN.0.iter().filter_map(|number| signal(SignalKind::from_raw(*number)).ok());
            let arriving = taken.map(|mut signal| Box::pin(async move { signal.recv().await }));
            let arriving: Vec<_> = arriving.collect();
            if came() {
                return;
            }
            if !arriving.is_empty() {
                drop(futures_util::future::select_all(arriving).await);
                return;
            }
        }
        if !came() {
            drop(tokio::signal::ctrl_c().await);
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        if TAKERS.fetch_sub(1, Ordering::SeqCst) == 1 {
            #[cfg(unix)]
            TAKEN.1.store(true, Ordering::SeqCst);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_ignored_where_the_status_says_so() {
        let status = "Name:\tx\nSigBlk:\tffffffffffffffff\nSigIgn:\t0000000000001001\nSigCgt:\t0000000000000004\n";
        assert_eq!(is_ignored(SIGHUP, status), Some(true));
        assert_eq!(is_ignored(SIGQUIT, status), Some(false));
        for unknown in ["", "Name:\tx\n", "SigIgn:\tx\n"] {
            assert_eq!(is_ignored(SIGHUP, unknown), None, "{unknown}");
        }
    }
}
