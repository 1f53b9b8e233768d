//! What runs, as tools tell it in JSON: pods, containers, tasks.
//!
//! One text holds what one tool printed: an object, a list of them, or one object a line. Which tool it was is told by the keys;
//! what is of none of them is refused. A container that has ended does not run, and is counted alone.

mod containers;
mod pods;
mod tasks;
#[cfg(test)]
mod tests;

use std::fmt::Formatter;

use imagelock_core::Digest;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// What runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Running {
    /// Who says so, each once, in the order of the text.
    pub by: Vec<Tool>,
    /// What runs, in the order of the text.
    pub containers: Vec<Container>,
    /// How many others have ended.
    pub ended: usize,
}

/// Who says what runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// `kubectl get pods -o json`.
    Kubernetes,
    /// `docker ps`, `docker inspect`, and those of `nerdctl` and `podman`.
    Docker,
    /// `crictl ps -o json`.
    Cri,
    /// `aws ecs describe-tasks`, `describe-task-definition`.
    Ecs,
}

impl Tool {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Kubernetes => "pods of Kubernetes",
            Self::Docker => "containers of Docker, nerdctl or Podman",
            Self::Cri => "containers of crictl",
            Self::Ecs => "tasks of ECS",
        }
    }
}

/// One that runs, or is about to. Every text in it is hostile wherever it is printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// What people know it by: `namespace/pod/container`, the name of a container.
    pub place: String,
    /// The image, as it was asked for.
    pub image: String,
    /// What its runtime says that it is: the digests of an index, a manifest or a configuration, all of one image.
    pub digests: Vec<Digest>,
}

/// Why a text does not say what runs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunningError {
    /// It is no JSON, or has other values than its tool writes.
    #[error("it cannot be read: {0}")]
    Malformed(String),
    /// It is of no tool that is known.
    #[error("it is of no tool that is read here{}", .0.as_ref().map(|kind| format!(": it is a `{kind}`")).unwrap_or_default())]
    Unknown(
        /// What it calls itself.
        Option<String>,
    ),
    /// It holds nothing at all: what should have written it has failed, or nothing runs.
    #[error("it names nothing that runs")]
    Nothing,
}

/// What people can give.
pub const READ: &str = "`kubectl get pods -A -o json`, `docker ps --format json`, `docker inspect` of containers or images, the same of \
                        `nerdctl` and `podman`, `crictl ps -o json`, `aws ecs describe-tasks` and `describe-task-definition`";

/// Reads what a tool printed.
pub fn running(text: &[u8]) -> Result<Running, RunningError> {
    let mut found = Running::default();
    for document in serde_json::Deserializer::from_slice(text).into_iter::<Document>() {
        let document = document.map_err(|error| RunningError::Malformed(error.to_string()))?;
        let all = match document {
            Document::One(one) => vec![*one],
            Document::Several(several) => several,
        };
        all.into_iter().try_for_each(|written| written.tell(&mut found))?;
    }
    if found.containers.is_empty() && found.ended == 0 { Err(RunningError::Nothing) } else { Ok(found) }
}

/// One object, or a list of them.
enum Document {
    One(Box<Written>),
    Several(Vec<Written>),
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DocumentVisitor)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object, or a list of them")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Document, A::Error> {
        Written::deserialize(MapAccessDeserializer::new(map)).map(|written| Document::One(Box::new(written)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Document, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(Document::Several)
    }
}

/// An object of any of the tools: their keys differ, in their letter case if in nothing else. What a tool writes and nobody
/// needs is passed over.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Written {
    kind: Option<String>,
    items: Option<Vec<pods::Pod>>,
    metadata: Option<pods::Metadata>,
    spec: Option<pods::Spec>,
    status: Option<pods::Status>,
    containers: Option<Vec<tasks::CriContainer>>,
    tasks: Option<Vec<tasks::Task>>,
    #[serde(rename = "taskDefinition")]
    task_definition: Option<tasks::Definition>,
    #[serde(rename = "Image")]
    image: Option<String>,
    #[serde(rename = "ImageID")]
    image_id: Option<String>,
    #[serde(rename = "ImageName")]
    image_name: Option<String>,
    #[serde(rename = "ImageDigest")]
    image_digest: Option<String>,
    #[serde(rename = "ImageManifestDescriptor")]
    descriptor: Option<containers::Described>,
    #[serde(rename = "Config")]
    config: Option<containers::Config>,
    #[serde(rename = "State")]
    state: Option<containers::State>,
    #[serde(rename = "Name")]
    name: Option<String>,
    #[serde(rename = "Names")]
    names: Option<containers::Names>,
    #[serde(rename = "Id", alias = "ID")]
    id: Option<String>,
    #[serde(rename = "RepoTags")]
    repo_tags: Option<Vec<String>>,
    #[serde(rename = "RepoDigests")]
    repo_digests: Option<Vec<String>>,
}

impl Written {
    fn tell(self, found: &mut Running) -> Result<(), RunningError> {
        let (tool, ended) = (self.tool()?, found.ended);
        let before = found.containers.len();
        match tool {
            Tool::Kubernetes => {
                let own = pods::Pod { kind: self.kind, metadata: self.metadata, spec: self.spec, status: self.status };
                let all = self.items.unwrap_or_else(|| vec![own]);
                all.into_iter().try_for_each(|pod| pod.tell(found))?;
            }
            Tool::Docker => containers::tell(self, found),
            Tool::Cri => {
                for container in self.containers.into_iter().flatten() {
                    container.tell(found);
                }
            }
            Tool::Ecs => {
                for task in self.tasks.into_iter().flatten() {
                    task.tell(found);
                }
                if let Some(definition) = self.task_definition {
                    definition.tell(found);
                }
            }
        }
        let told = found.containers.len() > before || found.ended > ended;
        if told && !found.by.contains(&tool) {
            found.by.push(tool);
        }
        Ok(())
    }

    /// Who wrote it.
    fn tool(&self) -> Result<Tool, RunningError> {
        match self.kind.as_deref() {
            Some("Pod") => return Ok(Tool::Kubernetes),
            Some(kind) if self.items.is_some() && (kind == "List" || kind == "PodList") => return Ok(Tool::Kubernetes),
            Some(kind) => return Err(RunningError::Unknown(Some(kind.to_owned()))),
            None => {}
        }
        match () {
            () if self.containers.is_some() => Ok(Tool::Cri),
            () if self.tasks.is_some() || self.task_definition.is_some() => Ok(Tool::Ecs),
            () if self.image.is_some() || self.repo_digests.is_some() => Ok(Tool::Docker),
            () => Err(RunningError::Unknown(None)),
        }
    }
}

/// The digest in what a runtime calls an image: `docker-pullable://repository@sha256:…`, `repository@sha256:…`, `sha256:…`, or the
/// digits alone.
fn digest(id: &str) -> Option<Digest> {
    let id = id.split_once("://").map_or(id, |(_, rest)| rest);
    let id = id.rsplit_once('@').map_or(id, |(_, digest)| digest);
    let is_bare = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_bare { format!("sha256:{id}").parse().ok() } else { id.parse().ok() }
}

/// What runs under a name: the digests that its runtime says, or else the one that was asked for.
fn container(place: String, image: String, ids: &[Option<&str>]) -> Container {
    let mut digests: Vec<Digest> = ids.iter().flatten().filter_map(|id| digest(id)).collect();
    digests.sort();
    digests.dedup();
    if digests.is_empty() {
        digests.extend(digest(&image));
    }
    Container { place, image, digests }
}
