//! Compose files whose images have digests, as `docker compose config --resolve-image-digests` writes them.

use std::sync::Arc;

use imagelock_core::source::SourceFile;

use crate::{Found, ImportError, at, yaml};

const WHAT: &str = "Compose file";

pub(crate) fn read(file: &Arc<SourceFile>, found: &mut Found) -> Result<(), ImportError> {
    let documents = yaml::parse(file, WHAT)?;
    let anchors = documents.anchors();
    let mut any = false;
    for tree in documents.trees(&anchors) {
        let Some(services) = tree.get("services") else { continue };
        any = true;
        if let Some(include) = tree.get("include") {
            found.leave("`include`: import the included files as well", at(file, include.span()));
        }
        for (name, name_span, service) in services.entries() {
            if let Some(extends) = service.at(&["extends", "file"]) {
                found.leave(format!("`{name}` extends another file: import it as well"), at(file, extends.span()));
            }
            let Some(image) = service.get("image") else { continue };
            let place = at(file, image.span());
            let Some(text) = image.node.present() else { continue };
            if service.get("build").is_some() {
                found.leave(format!("`{text}` is built here: name it in `built`"), at(file, name_span));
            } else if text.contains('$') {
                found.leave(format!("a variable decides about `{text}`"), place);
            } else {
                found.reference(text, place);
            }
        }
    }
    let reason = || "it has no `services`".to_owned();
    if any { Ok(()) } else { Err(ImportError { what: WHAT, reason: reason(), at: at(file, &(0..0)) }) }
}
