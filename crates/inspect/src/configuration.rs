//! What of two configurations differs.

use std::collections::{BTreeMap, BTreeSet};

use imagelock_core::oci::{Configuration, logins};
use serde::Serialize;

use crate::package::Grade;

/// One thing of a configuration that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// What it is.
    pub what: What,
    /// Which of them: the name of a variable or of a label, a port, a path. Hostile text wherever it is printed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What it was; nothing where it was not there. Hostile text, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What it is now; nothing where it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Who says so: what runs is in the bytes, what a label says is its publisher's word.
    pub grade: Grade,
}

/// What of a configuration differs, what a reviewer wants to see first coming first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Who the program runs as.
    User,
    /// What runs.
    Entrypoint,
    /// Its arguments.
    Command,
    /// A variable of its environment.
    Environment,
    /// A port that it listens at.
    Port,
    /// Where it keeps what lasts.
    Volume,
    /// Where it runs.
    WorkingDirectory,
    /// The signal that stops it.
    StopSignal,
    /// What is said about it.
    Label,
}

impl What {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Entrypoint => "entrypoint",
            Self::Command => "command",
            Self::Environment => "environment",
            Self::Port => "port",
            Self::Volume => "volume",
            Self::WorkingDirectory => "working directory",
            Self::StopSignal => "stop signal",
            Self::Label => "label",
        }
    }
}

/// What differs between two configurations, in a fixed order. Layers and times are no part of it.
pub(crate) fn settings(from: &Configuration, to: &Configuration) -> Vec<Setting> {
    let mut settings = Vec::new();
    let mut one = |what, from: Option<String>, to: Option<String>| {
        if from != to {
            settings.push(Setting { what, key: None, from, to, grade: Grade::Verified });
        }
    };
    one(What::User, from.user.clone(), to.user.clone());
    one(What::Entrypoint, words(&from.entrypoint), words(&to.entrypoint));
    one(What::Command, words(&from.command), words(&to.command));
    one(What::WorkingDirectory, from.working_directory.clone(), to.working_directory.clone());
    one(What::StopSignal, from.stop_signal.clone(), to.stop_signal.clone());
    // More people read a difference than may read the images. What differs is told, be it in a login alone.
    let shown = |text: &String| logins::without(text).unwrap_or_default();
    let value = |value: &Option<String>| value.as_ref().map(shown).unwrap_or_default();
    settings.extend(each(What::Environment, &from.environment, &to.environment, value, Grade::Verified));
    settings.extend(each(What::Label, &from.labels, &to.labels, shown, Grade::Publisher));
    settings.extend(present(What::Port, &from.ports, &to.ports));
    settings.extend(present(What::Volume, &from.volumes, &to.volumes));
    settings.sort_by(|one, other| (one.what, &one.key).cmp(&(other.what, &other.key)));
    settings
}

/// The words of a command as JSON, which shows where each of them ends.
fn words(words: &[String]) -> Option<String> {
    (!words.is_empty()).then(|| serde_json::to_string(words).unwrap_or_default())
}

fn each<V: PartialEq>(
    what: What,
    from: &BTreeMap<String, V>,
    to: &BTreeMap<String, V>,
    text: impl Fn(&V) -> String,
    grade: Grade,
) -> Vec<Setting> {
    let keys: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let differ = keys.into_iter().filter(|key| from.get(*key) != to.get(*key));
    let side = |side: &BTreeMap<String, V>, key: &String| side.get(key).map(&text);
    differ
        .map(|key| Setting { what, key: Some(key.clone()), from: side(from, key), to: side(to, key), grade })
        .collect()
}

fn present(what: What, from: &BTreeSet<String>, to: &BTreeSet<String>) -> Vec<Setting> {
    let setting = |key: &String, is_new: bool| {
        let (from, to) = if is_new { (None, Some(key.clone())) } else { (Some(key.clone()), None) };
        Setting { what, key: Some(key.clone()), from, to, grade: Grade::Verified }
    };
    let gone = from.difference(to).map(|key| setting(key, false));
    gone.chain(to.difference(from).map(|key| setting(key, true))).collect()
}
