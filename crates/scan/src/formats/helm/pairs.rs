//! Values of charts that are set one by one: `name = "image.repository"`, `value = "nginx"`.
//!
//! What a chart makes of them the chart knows, so each place is a default. A tag whose repository stands in the chart is
//! no image by itself.

use imagelock_yaml::Node;

use super::super::table::{Reader, said, with_algorithm};
use super::super::variables::variables;
use super::super::yaml::written;
use super::values::{is_image, is_word, may_be_image};
use crate::{Parts, Piece, Room, Site, Sure};

/// Notes the images in mappings of a name and a value.
pub(in super::super) fn collect<'n>(reader: &Reader<'_, 'n>, pairs: &[&'n Node], place: &str, sites: &mut Vec<Site>) {
    let document = &reader.document;
    let pairs: Vec<(&'n str, &'n Node)> = pairs
        .iter()
        .copied()
        .filter_map(|node: &'n Node| Some((document.text(node, &["name"])?, document.get(node, "value")?)))
        .collect();
    let value = |name: &str| {
        // The last of several counts, as on Helm's command line.
        let node = pairs.iter().rfind(|(other, _)| *other == name)?.1;
        Some(Piece { span: written(reader.text, node), text: node.present()?.trim_end().to_owned() })
    };
    for (name, node) in &pairs {
        let place = format!("{place}, {name}");
        if is_image(name) {
            let Some(text) = said(node).filter(|text| may_be_image(text)) else { continue };
            let span = written(reader.text, node);
            if !variables(text).is_empty() {
                sites.push(Site { sure: Sure::Default, ..Site::open(span, reader.lines, place) });
            } else if !is_word(text) {
                sites.push(Site::whole(span, text, Sure::Default, reader.lines, place));
            }
        } else if let Some(image) = name.strip_suffix(".repository").filter(|image| is_image(image)) {
            let part = |key: &str| value(&format!("{image}.{key}"));
            let repository = part("repository").filter(|piece| may_be_image(&piece.text));
            let digest = part("digest").map(with_algorithm);
            let room = Room::Own("only the chart says how it takes a digest: set the value that it has for one");
            let parts = Parts { registry: part("registry"), repository, tag: part("tag"), digest, room };
            sites.extend(reader.together(parts, Sure::Default, &place));
        }
    }
}
