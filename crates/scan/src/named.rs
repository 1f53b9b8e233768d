//! A path as formats look at it.

use std::ops::Deref;

use camino::Utf8Path;

/// A path whose last part was taken out of it once: every format asks for it, of every file there is.
#[derive(Clone, Copy, Debug)]
pub struct Named<'p> {
    path: &'p Utf8Path,
    name: Option<&'p str>,
    extension: Option<&'p str>,
}

impl<'p> Named<'p> {
    /// A path that may be any.
    pub fn new(path: &'p (impl AsRef<Utf8Path> + ?Sized)) -> Self {
        let path = path.as_ref();
        let name = path.file_name();
        Self { path, name, extension: name.and_then(|name| Utf8Path::new(name).extension()) }
    }

    /// Its last part.
    pub fn file_name(&self) -> Option<&'p str> {
        self.name
    }

    /// What follows the last point of its last part.
    pub fn extension(&self) -> Option<&'p str> {
        self.extension
    }
}

impl<'p> Deref for Named<'p> {
    type Target = &'p Utf8Path;

    fn deref(&self) -> &Self::Target {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_the_path_says() {
        for path in ["", ".", "..", "a", ".env", "a/b.yaml", "a.d/b", "a/b.tar.gz", "a/.b.", "a/b/", "a/..", "/"] {
            let path = Utf8Path::new(path);
            let named = Named::new(path);
            assert_eq!((named.file_name(), named.extension()), (path.file_name(), path.extension()), "{path}");
            assert_eq!(named.parent(), path.parent(), "{path}");
        }
    }
}
