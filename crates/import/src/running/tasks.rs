//! `crictl ps -o json` (Kubernetes' CRI), and the tasks of Amazon's ECS.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Running, container};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct CriContainer {
    id: String,
    metadata: Option<Named>,
    image: Option<CriImage>,
    image_ref: Option<String>,
    image_id: Option<String>,
    state: Option<String>,
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Named {
    name: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct CriImage {
    image: Option<String>,
    user_specified_image: Option<String>,
}

impl CriContainer {
    pub(super) fn tell(self, found: &mut Running) {
        if self.state.as_deref().is_some_and(|state| state != "CONTAINER_RUNNING") {
            found.ended += 1;
            return;
        }
        let labels = self.labels.unwrap_or_default();
        let label = |key: &str| labels.get(key).map(String::as_str);
        let name = self.metadata.and_then(|metadata| metadata.name);
        let name = label("io.kubernetes.container.name").map(str::to_owned).or(name).unwrap_or(self.id);
        let above = ["io.kubernetes.pod.namespace", "io.kubernetes.pod.name"].into_iter().filter_map(label);
        let place = above.chain([name.as_str()]).collect::<Vec<_>>().join("/");
        let image = self.image.unwrap_or_default();
        let own = image.image.unwrap_or_default();
        let asked = image.user_specified_image.filter(|asked| !asked.is_empty()).unwrap_or_else(|| own.clone());
        let ids = [self.image_ref.as_deref(), self.image_id.as_deref(), Some(own.as_str())];
        found.containers.push(container(place, asked, &ids));
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Task {
    group: Option<String>,
    task_arn: Option<String>,
    last_status: Option<String>,
    containers: Option<Vec<EcsContainer>>,
}

/// What tells how tasks are made.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Definition {
    family: Option<String>,
    revision: Option<u64>,
    container_definitions: Option<Vec<EcsContainer>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct EcsContainer {
    name: Option<String>,
    image: Option<String>,
    image_digest: Option<String>,
}

impl Task {
    pub(super) fn tell(self, found: &mut Running) {
        let all = self.containers.unwrap_or_default();
        if self.last_status.as_deref() == Some("STOPPED") {
            found.ended += all.len();
            return;
        }
        let task = self.task_arn.as_deref().and_then(|arn| arn.rsplit('/').next());
        let parts = [self.group.as_deref(), task];
        let place = parts.into_iter().flatten().collect::<Vec<_>>().join("/");
        for container in all {
            container.tell(&place, found);
        }
    }
}

impl Definition {
    pub(super) fn tell(self, found: &mut Running) {
        let revision = self.revision.map(|revision| format!(":{revision}")).unwrap_or_default();
        let place = format!("{}{revision}", self.family.unwrap_or_default());
        for container in self.container_definitions.into_iter().flatten() {
            container.tell(&place, found);
        }
    }
}

impl EcsContainer {
    fn tell(self, place: &str, found: &mut Running) {
        let place = format!("{place}/{}", self.name.unwrap_or_default());
        found.containers.push(container(place, self.image.unwrap_or_default(), &[self.image_digest.as_deref()]));
    }
}
