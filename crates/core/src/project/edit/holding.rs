//! Holding an image: one key more, and a table where a reference stood.

use toml_edit::{Document, InlineTable, Item, TableLike, Value};

use super::{EditError, NewImage, images, render, split_mark, through_toml_edit};
use crate::name::ImageName;
use crate::reference::Reference;
use crate::request::Wanted;

/// Returns the text with the image held for a reason. One that is held stays as it is: somebody wrote why.
pub fn hold(text: &str, prefix: &[&'static str], name: &ImageName, reason: &str) -> Result<String, EditError> {
    let (mark, body) = split_mark(text);
    let document = Document::parse(body)?;
    let image = images(&document, prefix)?.and_then(Item::as_table_like).and_then(|images| images.get(name.as_str()));
    match image {
        None => return Err(EditError::Absent(name.clone())),
        Some(image) if image.as_table_like().is_some_and(|image| image.contains_key("hold")) => {
            return Ok(text.to_owned());
        }
        Some(_) => {}
    }
    let mut held = None;
    let after = through_toml_edit(body, prefix, |images| {
        held = images.get_mut(name.as_str()).and_then(|image| hold_item(image, name, reason));
    })?;
    held.map(|()| format!("{mark}{after}")).ok_or_else(|| EditError::Unclear(name.to_string()))
}

fn hold_item(image: &mut Item, name: &ImageName, reason: &str) -> Option<()> {
    match image {
        Item::Value(Value::String(text)) => {
            let reference: Reference = text.value().parse().ok()?;
            let spelling = text.value().clone();
            let wanted = Wanted::from_reference(reference);
            let image_table = NewImage { name: name.clone(), wanted, platforms: Vec::new(), spelling };
            let mut table: Value = render::Fields::table(&image_table).inline().parse().ok()?;
            // What stands around the reference is the comment behind it.
            *table.decor_mut() = text.decor().clone();
            insert_inline(table.as_inline_table_mut()?, reason);
            *image = Item::Value(table);
        }
        Item::Value(Value::InlineTable(table)) => {
            insert_inline(table, reason);
        }
        other => insert(other.as_table_like_mut()?, reason),
    }
    Some(())
}

fn insert_inline(table: &mut InlineTable, reason: &str) {
    insert(table, reason);
    // The space in front of the closing brace belongs to the value that was the last.
    if !table.is_dotted() {
        table.fmt();
    }
}

fn insert(table: &mut dyn TableLike, reason: &str) {
    table.insert("hold", toml_edit::value(reason));
}
