//! Images on disk, as an OCI image layout directory.

use std::io;
use std::path::Path;

use fs_err as fs;
use serde_json::{Value, json};

use super::Image;

const NAME: &str = "org.opencontainers.image.ref.name";

impl Image {
    /// Writes the image to an OCI image layout directory under a name such as `1.4`.
    ///
    /// The directory is made when it is absent. Other images in it stay; one of the same name is replaced.
    pub fn write_layout(&self, directory: impl AsRef<Path>, name: &str) -> io::Result<()> {
        let directory = directory.as_ref();
        let blobs = directory.join("blobs").join("sha256");
        fs::create_dir_all(&blobs)?;
        fs::write(directory.join("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}")?;
        for digest in self.digests() {
            let hex = digest.trim_start_matches("sha256:");
            fs::write(blobs.join(hex), self.content(digest).unwrap_or_default())?;
        }
        let index = directory.join("index.json");
        let mut entries = entries(&index)?;
        entries.retain(|entry| entry["annotations"][NAME] != name);
        let mut entry = self.descriptor().clone();
        entry.annotations.insert(NAME.to_owned(), name.to_owned());
        entries.push(serde_json::to_value(entry)?);
        let document = json!({
            "schemaVersion": 2,
            "mediaType": super::media_type::OCI_INDEX,
            "manifests": entries,
        });
        fs::write(index, serde_json::to_vec(&document)?)
    }
}

fn entries(index: &Path) -> io::Result<Vec<Value>> {
    if !index.exists() {
        return Ok(Vec::new());
    }
    let document: Value = serde_json::from_slice(&fs::read(index)?)?;
    Ok(document["manifests"].as_array().cloned().unwrap_or_default())
}
