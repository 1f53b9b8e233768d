//! `kubectl get pods -o json` (Kubernetes' API, `core/v1`).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Running, RunningError, container};

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Pod {
    pub(super) kind: Option<String>,
    pub(super) metadata: Option<Metadata>,
    pub(super) spec: Option<Spec>,
    pub(super) status: Option<Status>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    name: Option<String>,
    namespace: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Spec {
    init_containers: Option<Vec<Asked>>,
    containers: Option<Vec<Asked>>,
    ephemeral_containers: Option<Vec<Asked>>,
}

/// What a pod asks for.
#[derive(Deserialize)]
struct Asked {
    name: String,
    #[serde(default)]
    image: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Status {
    phase: Option<String>,
    init_container_statuses: Option<Vec<Has>>,
    container_statuses: Option<Vec<Has>>,
    ephemeral_container_statuses: Option<Vec<Has>>,
}

/// What it has.
#[derive(Deserialize)]
struct Has {
    name: String,
    #[serde(default, rename = "imageID")]
    image_id: String,
}

impl Pod {
    pub(super) fn tell(self, found: &mut Running) -> Result<(), RunningError> {
        // The lists of the API itself do not say what their items are.
        if let Some(kind) = self.kind.filter(|kind| kind != "Pod") {
            return Err(RunningError::Unknown(Some(kind)));
        }
        let (metadata, spec) = (self.metadata.unwrap_or_default(), self.spec.unwrap_or_default());
        let status = self.status.unwrap_or_default();
        let has_ended = matches!(status.phase.as_deref(), Some("Succeeded" | "Failed"));
        let namespace = metadata.namespace.map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let pod = format!("{namespace}{}", metadata.name.unwrap_or_default());
        for (asked, has) in [
            (spec.init_containers, status.init_container_statuses),
            (spec.containers, status.container_statuses),
            (spec.ephemeral_containers, status.ephemeral_container_statuses),
        ] {
            let has = has.unwrap_or_default();
            // The first of a name counts. There may be as many as the text has room for, on either side.
            let has: BTreeMap<&str, &str> = has.iter().rev().map(|has| (&*has.name, &*has.image_id)).collect();
            for asked in asked.into_iter().flatten() {
                if has_ended {
                    found.ended += 1;
                    continue;
                }
                let id = has.get(asked.name.as_str()).copied();
                found.containers.push(container(format!("{pod}/{}", asked.name), asked.image, &[id]));
            }
        }
        Ok(())
    }
}
