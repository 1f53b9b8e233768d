//! SPDX 2 in JSON (ISO/IEC 5962), of which the packages matter.

use imagelock_core::oci::OciError;
use serde::Deserialize;

use super::bounded::Bounded;
use crate::advisory::Release;
use crate::package::{Package, Purl, from_document};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Written {
    spdx_version: Option<String>,
    #[serde(default)]
    packages: Bounded<WrittenPackage>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WrittenPackage {
    version_info: Option<String>,
    license_concluded: Option<String>,
    license_declared: Option<String>,
    #[serde(default)]
    external_refs: Bounded<ExternalReference>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExternalReference {
    #[serde(default)]
    reference_type: String,
    #[serde(default)]
    reference_locator: String,
}

impl Written {
    /// The packages that have a purl; the others cannot be told from each other in two images. And the release that they are of.
    pub(super) fn packages(self) -> Result<(Vec<Package>, Option<Release>), OciError> {
        if !self.spdx_version.as_deref().is_some_and(|version| version.starts_with("SPDX-2.")) {
            return Err(OciError::new("only SPDX 2 in JSON is read here"));
        }
        let known = |license: &String| !matches!(license.as_str(), "" | "NOASSERTION" | "NONE");
        let mut release = None;
        let package = |written: WrittenPackage| {
            let purl = written.external_refs.0.iter().find(|reference| reference.reference_type == "purl")?;
            let license = written.license_concluded.filter(known).or(written.license_declared.filter(known));
            release = release.take().or_else(|| Purl::release(&purl.reference_locator));
            from_document(&purl.reference_locator, written.version_info, license)
        };
        let packages = self.packages.0.into_iter().filter_map(package).collect();
        Ok((packages, release))
    }
}
