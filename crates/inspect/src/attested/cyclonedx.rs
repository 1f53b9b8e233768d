//! CycloneDX in JSON (ECMA-424), of which the components matter.

use imagelock_core::oci::OciError;
use serde::Deserialize;

use super::bounded::{Bounded, MOST_ENTRIES};
use crate::advisory::Release;
use crate::package::{Package, Purl, from_document};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Written {
    bom_format: Option<String>,
    #[serde(default)]
    components: Bounded<Component>,
}

#[derive(Deserialize)]
struct Component {
    purl: Option<String>,
    version: Option<String>,
    #[serde(default)]
    licenses: Bounded<License>,
    #[serde(default)]
    components: Bounded<Component>,
}

#[derive(Deserialize)]
struct License {
    expression: Option<String>,
    license: Option<NamedLicense>,
}

#[derive(Deserialize)]
struct NamedLicense {
    id: Option<String>,
    name: Option<String>,
}

impl Written {
    /// The components that have a purl, and those within others. And the release that they are of.
    pub(super) fn packages(self) -> Result<(Vec<Package>, Option<Release>), OciError> {
        if self.bom_format.as_deref() != Some("CycloneDX") {
            return Err(OciError::new("not CycloneDX in JSON: `bomFormat` says otherwise"));
        }
        let mut left = self.components.0;
        let (mut packages, mut release) = (Vec::new(), None);
        while let Some(component) = left.pop() {
            let licenses: Vec<String> = component.licenses.0.into_iter().filter_map(License::text).collect();
            let license = (!licenses.is_empty()).then(|| licenses.join(" AND "));
            let version = component.version;
            release = release.or_else(|| Purl::release(component.purl.as_deref()?));
            packages.extend(component.purl.and_then(|purl| from_document(&purl, version, license)));
            left.extend(component.components.0);
            if left.len() + packages.len() > MOST_ENTRIES {
                return Err(OciError::new(format!("it has more than {MOST_ENTRIES} components")));
            }
        }
        Ok((packages, release))
    }
}

impl License {
    fn text(self) -> Option<String> {
        self.expression.or_else(|| self.license.and_then(|license| license.id.or(license.name)))
    }
}
