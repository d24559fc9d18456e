//! Where fetched objects are kept: one bare repository for each address and set of credentials.
//!
//! Credentials belong to the key, because what one tenant may read is nothing that another gets for free. The key is a
//! hash, so no folder's name tells an address or a password. A slot is used by one job at a time; the guard goes with
//! the blocking work and not with the future that waits for it, so that a dropped future leaves nobody in the folder.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use fleet_core::source::{Credentials, Revision};
use fleet_core::tree::Tree;
use gix::ObjectId;
use sha2::{Digest, Sha256};
use tokio::sync::OwnedMutexGuard;

/// Packs of one repository; beyond, it is fetched anew, which costs less than reading from ever more of them.
const MAXIMUM_PACKS: usize = 32;

/// The last tree of a repository, for as long as someone uses it, so that the next commit shares what did not change.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) revision: Option<Revision>,
    pub(crate) tree: Weak<Tree>,
    /// Where in the tree a blob lies.
    pub(crate) paths: HashMap<ObjectId, String>,
}

/// What is known of one repository.
#[derive(Debug, Default)]
pub(crate) struct SlotState {
    pub(crate) folder: PathBuf,
    pub(crate) snapshot: Snapshot,
}

#[derive(Debug)]
struct Slot {
    state: Arc<tokio::sync::Mutex<SlotState>>,
    used: u64,
}

/// All slots of a [`Git`](super::Git).
#[derive(Debug)]
pub(crate) struct Cache {
    /// Vanishes with the cache, where no folder was given.
    _temporary: Option<tempfile::TempDir>,
    root: PathBuf,
    capacity: usize,
    slots: Mutex<(u64, HashMap<String, Slot>)>,
}

impl Cache {
    pub(crate) fn new(folder: Option<&Path>, capacity: usize) -> io::Result<Self> {
        let (root, temporary) = match folder {
            Some(folder) => {
                fs::create_dir_all(folder)?;
                (folder.to_path_buf(), None)
            }
            None => {
                let temporary = tempfile::Builder::new().prefix("fleet-git-").tempdir()?;
                (temporary.path().to_path_buf(), Some(temporary))
            }
        };
        Ok(Self {
            _temporary: temporary,
            root,
            capacity: capacity.max(1),
            slots: Mutex::default(),
        })
    }

    /// The slot of a key, once nobody else is in it.
    pub(crate) async fn enter(&self, key: &str) -> OwnedMutexGuard<SlotState> {
        let (state, evicted) = {
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            slots.0 += 1;
            let now = slots.0;
            let evicted = (slots.1.len() >= self.capacity && !slots.1.contains_key(key))
                .then(|| {
                    slots
                        .1
                        .iter()
                        .min_by_key(|(_, slot)| slot.used)
                        .map(|(key, _)| key.clone())
                })
                .flatten()
                .and_then(|oldest| slots.1.remove(&oldest));
            let slot = slots.1.entry(key.to_owned()).or_insert_with(|| {
                let state = SlotState {
                    folder: self.root.join(key),
                    snapshot: Snapshot::default(),
                };
                Slot {
                    state: Arc::new(tokio::sync::Mutex::new(state)),
                    used: 0,
                }
            });
            slot.used = now;
            (Arc::clone(&slot.state), evicted)
        };
        if let Some(evicted) = evicted {
            // Someone may still be in it; then the folder stays until its key is entered and evicted again.
            if let Ok(state) = evicted.state.try_lock() {
                let _ = fs::remove_dir_all(&state.folder);
            }
        }
        state.lock_owned().await
    }

    /// Forgets a slot that a job did not leave in time, so that the next one does not wait for it.
    pub(crate) fn abandon(&self, key: &str) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.1.get(key).is_some_and(|slot| slot.state.try_lock().is_err()) {
            slots.1.remove(key);
        }
    }
}

/// The name of the folder of an address with credentials.
pub(crate) fn key(address: &str, credentials: Option<&Credentials>) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    };
    part(address);
    match credentials {
        None => part("anonymous"),
        Some(Credentials::Basic { username, password }) => {
            ["basic", username.expose(), password.expose()]
                .into_iter()
                .for_each(&mut part);
        }
        Some(Credentials::Ssh { private_key, .. }) => ["ssh", private_key.expose()].into_iter().for_each(&mut part),
        Some(Credentials::ClientCertificate { certificate, key }) => {
            ["certificate", certificate, key.expose()]
                .into_iter()
                .for_each(&mut part);
        }
        Some(other) => part(&format!("{other:?}")),
    }
    hash.finalize()
        .iter()
        .take(20)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Opens the bare repository in a folder, or makes it; one with too many packs is made anew.
pub(crate) fn open(folder: &Path, maximum_bytes: u64, overrides: &[String]) -> Result<gix::Repository, gix::Error> {
    let options = || gix::open::Options::isolated().config_overrides(overrides.iter().map(String::as_str));
    let is_worn = |folder: &Path| {
        let packs = fs::read_dir(folder.join("objects/pack"))
            .into_iter()
            .flatten()
            .flatten();
        let sizes: Vec<u64> = packs
            .filter_map(|entry| entry.metadata().ok())
            .map(|data| data.len())
            .collect();
        // Each pack has an index beside it.
        sizes.len() > 2 * MAXIMUM_PACKS || sizes.iter().sum::<u64>() > maximum_bytes.saturating_mul(2)
    };
    if folder.join("HEAD").is_file()
        && !is_worn(folder)
        && let Ok(repository) = gix::open_opts(folder, options())
    {
        return Ok(repository);
    }
    make(folder, overrides)
}

/// Makes an empty bare repository in a folder, whatever was there.
pub(crate) fn make(folder: &Path, overrides: &[String]) -> Result<gix::Repository, gix::Error> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(gix::Error::from_error)?;
    }
    fs::create_dir_all(folder).map_err(gix::Error::from_error)?;
    let options = gix::open::Options::isolated().config_overrides(overrides.iter().map(String::as_str));
    gix::ThreadSafeRepository::init_opts(folder, gix::create::Kind::Bare, Default::default(), options).map(Into::into)
}
