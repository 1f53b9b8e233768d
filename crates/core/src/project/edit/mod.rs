//! Changing a project file: `add` and `remove` touch the lines of one image and leave every other byte as it was, and so do
//! `add_built` and `add_target` with what they add. `hold` gives an image one key more, and `pin_snapshots` writes hashes and
//! days.
//!
//! The text is changed by its spans instead of being printed from a parsed document, so that comments, order, blank
//! lines, line ends and odd spacing survive by construction. What comes out is parsed again and compared with what was
//! meant; a file laid out in a way that the line editing does not know is edited through `toml_edit` instead.

mod extend;
mod holding;
mod insert;
mod lines;
mod meaning;
mod pinning;
mod render;
#[cfg(test)]
mod tests;
mod withdraw;

use toml_edit::{Document, DocumentMut, Item, TableLike};

use crate::name::ImageName;
use crate::platform::Platform;
use crate::request::Wanted;

pub use extend::{add_built, add_target};
pub use holding::hold;
pub use pinning::{Pin, pin_snapshots};

/// An image to add.
#[derive(Clone, Debug)]
pub struct NewImage {
    /// Its name.
    pub name: ImageName,
    /// What is asked for.
    pub wanted: Wanted,
    /// The platforms, where they are not the defaults.
    pub platforms: Vec<Platform>,
    /// How the person spelled the repository, or the reference: it is kept, where it means what is wanted.
    pub spelling: String,
}

/// Why a project file cannot be edited.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The file is not TOML.
    #[error("the project file is not TOML: {0}")]
    Syntax(#[from] toml_edit::TomlError),
    /// What should be a table is something else.
    #[error("`{0}` is not a table")]
    NotATable(&'static str),
    /// There is something that nothing can be added to without a person.
    #[error("nothing can be added to `{0}` as it is written")]
    Unclear(String),
    /// The image is there already.
    #[error("there is already an image `{0}`")]
    Exists(ImageName),
    /// There is no such image in this file.
    #[error("there is no image `{0}` in this file")]
    Absent(ImageName),
}

/// Returns the text with the image added. `prefix` are the tables around `images`: none in `images.toml`.
///
/// ```
/// use imagelock_core::project::{NewImage, add};
/// use imagelock_core::{Reference, Wanted};
///
/// let Reference { repository, tag: Some(tag), .. } = "redis:8".parse::<Reference>()? else { unreachable!() };
/// let wanted = Wanted::Tag { repository, tag };
/// let image = NewImage { name: "redis".parse()?, wanted, platforms: vec![], spelling: "redis:8".to_owned() };
/// assert_eq!(add("# Ours\n[images]\n", &[], &image)?, "# Ours\n[images]\nredis = \"redis:8\"\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn add(text: &str, prefix: &[&'static str], image: &NewImage) -> Result<String, EditError> {
    let (mark, body) = split_mark(text);
    let document = Document::parse(body)?;
    let images = images(&document, prefix)?;
    if images.and_then(Item::as_table_like).is_some_and(|images| images.contains_key(image.name.as_str())) {
        return Err(EditError::Exists(image.name.clone()));
    }
    let fields = render::Fields::of(image);
    let after = insert::insert(body, prefix, images, image.name.as_str(), &fields);
    let meant = |after: &str| meaning::is_with(body, after, prefix, &[(image.name.as_str(), &fields)]);
    let after = match after.filter(|after| meant(after)) {
        Some(after) => after,
        None => through_toml_edit(body, prefix, |images| {
            let value = fields.inline().parse().map_or(Item::None, Item::Value);
            images.insert(image.name.as_str(), value);
        })?,
    };
    Ok(format!("{mark}{after}"))
}

/// Returns the text with all of the images added, as [`add`] would one by one in the order of their names: lines first, then
/// tables. Lines are put in their places at once, so that many take no longer than few.
pub fn add_all(text: &str, prefix: &[&'static str], images: &[NewImage]) -> Result<String, EditError> {
    let mut ordered: Vec<&NewImage> = images.iter().collect();
    ordered.sort_by_key(|image| &image.name);
    let (short, tables): (Vec<&NewImage>, Vec<&NewImage>) =
        ordered.into_iter().partition(|image| render::Fields::of(image).is_short());
    let one_by_one =
        |text: String, images: &[&NewImage]| images.iter().try_fold(text, |text, image| add(&text, prefix, image));
    // The first makes the table where there is none.
    let (first, rest) = short.split_at(short.len().min(1));
    let text = one_by_one(text.to_owned(), first)?;
    let text = match add_lines(&text, prefix, rest)? {
        Some(after) => after,
        None => one_by_one(text, rest)?,
    };
    one_by_one(text, &tables)
}

/// The text with a line for each of the images, where the file has its images in lines.
fn add_lines(text: &str, prefix: &[&'static str], new: &[&NewImage]) -> Result<Option<String>, EditError> {
    let (mark, body) = split_mark(text);
    let document = Document::parse(body)?;
    let Some(images) = images(&document, prefix)? else { return Ok(None) };
    let fields: Vec<(&str, render::Fields)> =
        new.iter().map(|image| (image.name.as_str(), render::Fields::of(image))).collect();
    let fields: Vec<(&str, &render::Fields)> = fields.iter().map(|(name, fields)| (*name, fields)).collect();
    let after = insert::insert_lines(body, images, &fields);
    let after = after.filter(|after| meaning::is_with(body, after, prefix, &fields));
    Ok(after.map(|after| format!("{mark}{after}")))
}

/// Returns the text without the image. The comment lines right above the image go with it.
pub fn remove(text: &str, prefix: &[&'static str], name: &ImageName) -> Result<String, EditError> {
    let (mark, body) = split_mark(text);
    let document = Document::parse(body)?;
    let declares = |item: &&Item| item.as_table_like().is_some_and(|images| images.contains_key(name.as_str()));
    let images = images(&document, prefix)?.filter(declares).ok_or_else(|| EditError::Absent(name.clone()))?;
    let after = withdraw::withdraw(body, images, name.as_str());
    let after = match after.filter(|after| meaning::is_without(body, after, prefix, name.as_str())) {
        Some(after) => after,
        None => through_toml_edit(body, prefix, |images| drop(images.remove(name.as_str())))?,
    };
    Ok(format!("{mark}{after}"))
}

/// A byte order mark is no part of the document, and the parser counts its spans without it.
fn split_mark(text: &str) -> (&str, &str) {
    text.split_at(if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 })
}

/// The `images` table, if the file has one.
fn images<'d>(document: &'d Document<&str>, prefix: &[&'static str]) -> Result<Option<&'d Item>, EditError> {
    let mut item = document.as_item();
    let mut table = document.as_table() as &dyn TableLike;
    for key in path(prefix) {
        match table.get(key) {
            None => return Ok(None),
            Some(next) => item = next,
        }
        table = item.as_table_like().ok_or(EditError::NotATable(key))?;
    }
    Ok(Some(item))
}

fn path(prefix: &[&'static str]) -> impl Iterator<Item = &'static str> {
    prefix.iter().copied().chain(["images"])
}

fn through_toml_edit(
    text: &str,
    prefix: &[&'static str],
    change: impl FnOnce(&mut dyn TableLike),
) -> Result<String, EditError> {
    let mut document: DocumentMut = text.parse()?;
    let mut item = document.as_item_mut();
    for key in path(prefix) {
        let table = item.as_table_like_mut().ok_or(EditError::NotATable(key))?;
        item = table.entry(key).or_insert_with(|| Item::Table(toml_edit::Table::new()));
    }
    change(item.as_table_like_mut().ok_or(EditError::NotATable("images"))?);
    Ok(with_ends_of(text, &document))
}

/// A document with the line ends that its text had.
fn with_ends_of(text: &str, document: &DocumentMut) -> String {
    let after = document.to_string();
    let windows = lines::end(text) == "\r\n";
    if windows { after.replace("\r\n", "\n").replace('\n', "\r\n") } else { after }
}
