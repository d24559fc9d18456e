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

#[cfg(test)]
mod tests {
    use super::*;

    /// Files by path; a content of `<device>` is no file, `<loop>` a folder that holds itself.
    struct InMemory {
        files: Vec<(&'static str, &'static str)>,
        read: Vec<String>,
    }

    impl InMemory {
        fn new(files: &[(&'static str, &'static str)]) -> Self {
            Self {
                files: files.to_vec(),
                read: Vec::new(),
            }
        }
    }

    impl ChartFolder for InMemory {
        fn entries(&mut self, folder: &str) -> io::Result<Vec<(String, EntryKind)>> {
            let mut entries = Vec::new();
            for (path, text) in &self.files {
                let inside = match folder {
                    "" => Some(*path),
                    _ => path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')),
                };
                let Some(inside) = inside.or(folder.ends_with("loop").then_some("loop")) else {
                    continue;
                };
                let (name, kind) = match inside.split_once('/') {
                    Some((name, _)) => (name, EntryKind::Folder),
                    None if *text == "<loop>" => (inside, EntryKind::Folder),
                    None if *text == "<device>" => (inside, EntryKind::Irregular),
                    None => (inside, EntryKind::File),
                };
                let entry = (name.to_owned(), kind);
                if !entries.contains(&entry) {
                    entries.push(entry);
                }
            }
            Ok(entries)
        }

        fn read(&mut self, file: &str) -> io::Result<Arc<[u8]>> {
            self.read.push(file.to_owned());
            let found = self.files.iter().find(|(path, _)| *path == file);
            found
                .map(|(_, text)| Arc::from(text.as_bytes()))
                .ok_or_else(|| io::ErrorKind::NotFound.into())
        }
    }

    const CHART: (&str, &str) = ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");

    #[test]
    fn what_is_ignored_is_not_read() {
        let mut folder = InMemory::new(&[
            ("docs/a.md", "long"),
            ("templates/b.yaml", "b: 1\n"),
            ("templates/a.yaml", "a: 1\n"),
            ("dev", "<device>"),
            (".helmignore", "docs/\ndev\n"),
            CHART,
        ]);
        let chart = Chart::from_folder(&mut folder).expect("a chart");
        let templates: Vec<&str> = chart.templates().iter().map(|file| file.name.as_str()).collect();
        assert_eq!(templates, ["templates/a.yaml", "templates/b.yaml"]);
        assert!(!folder.read.iter().any(|path| path.starts_with("docs") || path == "dev"));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let mut folder = InMemory::new(&[CHART, ("files/dev", "<device>")]);
        let error = Chart::from_folder(&mut folder).expect_err("a device");
        assert!(
            error.to_string().starts_with("files/dev: cannot load irregular file"),
            "{error}"
        );
        let mut folder = InMemory::new(&[CHART, ("loop", "<loop>")]);
        let error = Chart::from_folder(&mut folder).expect_err("a loop").to_string();
        assert!(error.contains("nest too deeply"), "{error}");
    }
}
