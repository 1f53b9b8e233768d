//! Why nothing is the newest.

use imagelock_core::{Created, Tag};

/// Why nothing is the newest of the tags that compete.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoNewest {
    /// There is none.
    #[error("no tag competes")]
    Nothing,
    /// There are more than are read.
    #[error("{count} tags compete, and at most {limit} are read to find the newest; narrow `tags`, or set `limit`")]
    Many {
        /// How many there are.
        count: usize,
        /// How many are read.
        limit: u32,
    },
    /// One does not say when it was built.
    #[error("{tag} {}", untimed(.said.as_ref()))]
    Untimed {
        /// Which one.
        tag: Tag,
        /// What it says instead.
        said: Option<Created>,
    },
    /// Two say the same time.
    #[error("{tag} and {other} were both built at {created}, and nothing else tells which is the newer one")]
    Together {
        /// The one.
        tag: Tag,
        /// The other one.
        other: Tag,
        /// The time.
        created: Created,
    },
}

fn untimed(said: Option<&Created>) -> String {
    match said {
        None => "does not say when it was built, so nothing is the newest".to_owned(),
        Some(created) => format!("says that it was built on {}, which tells nothing", created.day()),
    }
}
