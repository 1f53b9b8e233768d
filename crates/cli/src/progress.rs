//! What the resolver reports, as a progress bar on a terminal and as lines where a wait would be a riddle.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use imagelock_registry::{Event, Reporter};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::shell::{Shell, printable};

/// A bar over the images of one run.
pub(crate) struct Progress {
    bar: ProgressBar,
    running: Mutex<BTreeSet<String>>,
    lines: MultiProgress,
    terminal: bool,
}

impl Progress {
    /// Starts a bar with room for `length` images; `verb` as in a status line.
    pub(crate) fn start(shell: &Shell, verb: &str, length: usize) -> Arc<Self> {
        Self::of(shell, verb, length.try_into().unwrap_or(u64::MAX), "{pos}/{len}{msg}")
    }

    /// Starts a bar over bytes, of which nobody knows yet how many there are.
    pub(crate) fn bytes(shell: &Shell, verb: &str) -> Arc<Self> {
        Self::of(shell, verb, 0, "{bytes} of {total_bytes}, {bytes_per_sec}, {eta} left")
    }

    fn of(shell: &Shell, verb: &str, length: u64, told: &str) -> Arc<Self> {
        let bar = ProgressBar::new(length);
        if shell.terminal {
            let template = format!("{verb:>12} [{{bar:24}}] {told}");
            let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
            bar.set_style(style.progress_chars("=> "));
        } else {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let bar = if shell.terminal { shell.progress.add(bar) } else { bar };
        Arc::new(Self { bar, running: Mutex::default(), lines: shell.progress.clone(), terminal: shell.terminal })
    }

    /// Goes on by one.
    pub(crate) fn step(&self) {
        self.bar.inc(1);
    }

    /// Says how much there is in all.
    pub(crate) fn whole(&self, length: u64) {
        self.bar.set_length(length);
    }

    /// Goes on by so many.
    pub(crate) fn add(&self, count: u64) {
        self.bar.inc(count);
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn show(&self, change: impl FnOnce(&mut BTreeSet<String>)) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut running);
        let names: Vec<&str> = running.iter().take(3).map(String::as_str).collect();
        let more = if running.len() > names.len() { ", …" } else { "" };
        let message = if names.is_empty() { String::new() } else { format!(": {}{more}", names.join(", ")) };
        self.bar.set_message(message);
    }

    fn warn(&self, text: &str) {
        let text = format!("warning: {}\n", printable(text));
        drop(self.lines.suspend(|| std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes())));
    }

    fn note(&self, text: &str) {
        if self.terminal {
            drop(self.lines.println(format!("     Waiting {}", printable(text))));
        }
    }
}

impl Reporter for Progress {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Resolving { name, .. } | Event::Verifying { name } => self.show(|running| {
                running.insert(name.to_string());
            }),
            Event::Resolved { name, .. } | Event::Verified { name } | Event::Failed { name, .. } => {
                self.bar.inc(1);
                self.show(|running| {
                    running.remove(name.as_str());
                });
            }
            Event::Waiting { host, seconds } => self.note(&format!("{host} asks for {seconds} s of patience")),
            Event::Retrying { host, reason, .. } => self.note(&format!("{host}: {reason}; trying again")),
            Event::StandIn { host, mirror } => {
                self.warn(&format!("{host} cannot be reached; its mirror {mirror} tells where its tags point"));
            }
            Event::Odd { reference, oddity } => self.warn(&format!("{reference}: {oddity}")),
            _ => {}
        }
    }
}
