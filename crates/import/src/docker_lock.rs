//! `docker-lock.json`: for each kind of file and each file, the images in their order. A digest stands without its
//! algorithm; it may be empty, where the file itself has it.

use std::sync::Arc;

use imagelock_core::source::SourceFile;
use imagelock_core::{Digest, Reference};

use crate::json::{self, Node};
use crate::{Found, ImportError, at, is_scratch};

const WHAT: &str = "docker-lock.json";
/// The kinds of files that docker-lock reads.
const KINDS: [&str; 3] = ["dockerfiles", "composefiles", "kubernetesfiles"];

pub(crate) fn read(file: &Arc<SourceFile>, found: &mut Found) -> Result<(), ImportError> {
    let fail = |reason: String, span: &std::ops::Range<usize>| ImportError { what: WHAT, reason, at: at(file, span) };
    let root = json::parse(file.text()).map_err(|error| fail(error.reason, &error.at))?;
    if !root.members().iter().any(|member| KINDS.contains(&&*member.key)) {
        let reason = "it has none of `dockerfiles`, `composefiles`, `kubernetesfiles`".to_owned();
        return Err(fail(reason, &(root.span.start..root.span.start + 1)));
    }
    for kind in root.members() {
        if !KINDS.contains(&&*kind.key) {
            found.leave(format!("`{}` is unknown", kind.key), at(file, &kind.key_span));
            continue;
        }
        for image in kind.node.members().iter().flat_map(|path| path.node.items()) {
            one(image, file, found);
        }
    }
    Ok(())
}

fn one(image: &Node, file: &Arc<SourceFile>, found: &mut Found) {
    let place = at(file, image.get("name").map_or(&image.span, |name| &name.span));
    let text = |key: &str| image.get(key).and_then(Node::text).unwrap_or_default();
    let (name, tag, hex) = (text("name"), text("tag"), text("digest"));
    let spelling = if tag.is_empty() { name.to_owned() } else { format!("{name}:{tag}") };
    let reference = match spelling.parse::<Reference>() {
        Ok(reference) if is_scratch(&reference.repository) => return,
        Ok(reference) => reference,
        Err(error) => return found.leave(format!("`{spelling}` is no reference: {error}"), place),
    };
    let digest = match hex {
        "" => None,
        hex => {
            let digest = if hex.contains(':') { hex.to_owned() } else { format!("sha256:{hex}") };
            match digest.parse::<Digest>() {
                Ok(digest) => Some(digest),
                Err(error) => return found.leave(format!("`{spelling}` has the digest `{hex}`: {error}"), place),
            }
        }
    };
    found.pinned(Reference { digest, ..reference }, &spelling, place);
}
