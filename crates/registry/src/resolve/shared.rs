//! Work that several images need is done once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::error::Error;

type Cell<V> = Arc<OnceCell<Result<V, Error>>>;

/// Answers by key. Whoever asks first does the work, the others wait for it; a failure is an answer too.
pub struct Shared<K, V> {
    cells: Mutex<BTreeMap<K, Cell<V>>>,
}

impl<K, V> Default for Shared<K, V> {
    fn default() -> Self {
        Self { cells: Mutex::default() }
    }
}

impl<K: Ord, V: Clone> Shared<K, V> {
    /// Returns the answer for a key, which `work` finds out if nobody has asked before.
    pub async fn get(&self, key: K, work: impl AsyncFnOnce() -> Result<V, Error>) -> Result<V, Error> {
        let cell = {
            let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cells.entry(key).or_default())
        };
        cell.get_or_init(|| work()).await.clone()
    }
}
