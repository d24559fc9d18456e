//! Loading a chart from a folder that the caller reads (Helm v4.2.3 `loader.LoadDir`): its entries by name, `.helmignore` first,
//! so that nothing is read that is no part of the chart.

use std::io;
use std::sync::Arc;

use super::super::release::ChartFile;
use super::ignore::Rules;
use super::{Chart, ChartError};

/// How deep folders may lie in each other; what is deeper is a link that leads back.
const MAX_DEPTH: usize = 64;

/// What an entry of a folder is; links are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// A folder.
    Folder,
    /// A file.
    File,
    /// A device, a socket: no part of any chart.
    Irregular,
}

/// A chart's folder, wherever it is. Paths are relative to it, with slashes; its own is empty.
pub trait ChartFolder {
    /// Names and kinds of what lies in a folder, in any order.
    ///
    /// # Errors
    /// The folder cannot be read.
    fn entries(&mut self, folder: &str) -> io::Result<Vec<(String, EntryKind)>>;

    /// The bytes of a file.
    ///
    /// # Errors
    /// The file cannot be read.
    fn read(&mut self, file: &str) -> io::Result<Arc<[u8]>>;
}

pub(super) fn load(folder: &mut dyn ChartFolder) -> Result<Chart, ChartError> {
    let text = match folder.read(".helmignore") {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(failed(".helmignore", error)),
    };
    let mut walk = Walk {
        folder,
        rules: Rules::parse(&text)?,
        files: Vec::new(),
    };
    walk.walk("", 0)?;
    Chart::from_chart_files(walk.files)
}

struct Walk<'a> {
    folder: &'a mut dyn ChartFolder,
    rules: Rules,
    files: Vec<ChartFile>,
}

impl Walk<'_> {
    fn walk(&mut self, folder: &str, depth: usize) -> Result<(), ChartError> {
        if depth > MAX_DEPTH {
            let error = io::Error::other("folders nest too deeply, or a link leads back");
            return Err(failed(folder, error));
        }
        let mut entries = self.folder.entries(folder).map_err(|error| failed(folder, error))?;
        entries.sort_unstable();
        for (name, kind) in entries {
            let path = if folder.is_empty() {
                name
            } else {
                format!("{folder}/{name}")
            };
            if self.rules.ignores(&path, kind == EntryKind::Folder) {
                continue;
            }
            match kind {
                EntryKind::Folder => self.walk(&path, depth + 1)?,
                EntryKind::File => {
                    let data = self.folder.read(&path).map_err(|error| failed(&path, error))?;
                    self.files.push(ChartFile::new(path, data));
                }
                EntryKind::Irregular => {
                    let error = io::Error::other("cannot load irregular file as it has file mode type bits set");
                    return Err(failed(&path, error));
                }
            }
        }
        Ok(())
    }
}

fn failed(path: &str, error: io::Error) -> ChartError {
    let path = path.to_owned();
    ChartError::Read { path, error }
}
