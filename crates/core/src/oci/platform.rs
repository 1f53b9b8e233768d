//! The platform that a descriptor names (OCI image-spec, `image-index.md`), as it is written.

use serde::de::{IgnoredAny, MapAccess};

use super::json::Fields;
use crate::platform::Platform;

/// The platform of an index's entry, as it is written: any of it may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WrittenPlatform {
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
}

impl Fields for WrittenPlatform {
    const NAMES: &'static [&'static str] = &["os", "architecture", "variant", "os.version"];

    fn set<'de, A: MapAccess<'de>>(&mut self, name: &'static str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "os" => self.os = map.next_value()?,
            "architecture" => self.architecture = map.next_value()?,
            "variant" => self.variant = map.next_value()?,
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }
}

impl WrittenPlatform {
    /// The operating system, the architecture and the variant in lower case; what is left out is empty.
    pub fn parts(&self) -> [String; 3] {
        let parts = [&self.os, &self.architecture, &self.variant];
        parts.map(|part| part.as_deref().unwrap_or_default().to_ascii_lowercase())
    }

    /// The platform, where the parts name one.
    pub(super) fn platform(&self) -> Option<Platform> {
        let [os, architecture, variant] = self.parts();
        Platform::new(&os, &architecture, Some(&variant)).ok()
    }
}
