//! Loading files and folders for one kustomization: what it may see, and from where (kustomize `api/internal/loader`).

use std::{borrow::Cow, rc::Rc, sync::Arc};

use super::{
    BuildOptions, LoadRestrictor, Supplied,
    error::{KustomizeError, Result},
    files::{self, Files, TreeFiles},
    remote::{self, GitAddress},
};

/// Loads for one folder. Folders know which ones led to them, so that no cycle closes.
#[derive(Clone)]
pub(super) struct Loader<'a> {
    files: Rc<dyn Files + 'a>,
    root: String,
    referrer: Option<Rc<Loader<'a>>>,
    options: &'a BuildOptions<'a>,
    /// The repository that the files come from, if they were supplied.
    repository: Option<Rc<GitAddress>>,
    depth: usize,
}

/// Folders below folders below folders: a bound of ours.
const MAX_DEPTH: usize = 64;

impl<'a> Loader<'a> {
    pub(super) fn new(files: Rc<dyn Files + 'a>, folder: &str, options: &'a BuildOptions<'a>) -> Result<Self> {
        let root = confirm_folder(&*files, folder).map_err(|error| error.context("must build at directory"))?;
        Ok(Self {
            files,
            root,
            referrer: None,
            options,
            repository: None,
            depth: 0,
        })
    }

    pub(super) fn root(&self) -> &str {
        &self.root
    }

    /// A file's content.
    pub(super) fn load(&self, path: &str) -> Result<Arc<[u8]>> {
        if remote::is_http(path) {
            return match self.options.remote.get(path) {
                Some(Supplied::File(content)) => Ok(content.clone()),
                Some(Supplied::Folder { .. }) => Err(KustomizeError::Load(format!("URL is a git repository: {path}"))),
                None => Err(KustomizeError::Remote(format!(
                    "remote resource '{path}' was not supplied"
                ))),
            };
        }
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            files::join(&self.root, path)
        };
        let (real, is_folder) = files::resolve(&*self.files, &path)?;
        if is_folder {
            return Err(KustomizeError::Load(format!("'{path}' must resolve to a file")));
        }
        let restricted = self.repository.is_some() || self.options.load_restrictor == LoadRestrictor::RootOnly;
        if restricted && !files::is_within(files::parent(&real), &self.root) {
            return Err(KustomizeError::Load(format!(
                "security; file '{path}' is not in or below '{}'",
                self.root
            )));
        }
        self.files.read(&real).map_err(KustomizeError::Load)
    }

    /// True if a folder is at the path.
    pub(super) fn is_folder(&self, path: &str) -> bool {
        files::resolve(&*self.files, path).is_ok_and(|(_, is_folder)| is_folder)
    }

    /// The loader of another folder.
    pub(super) fn enter(&self, path: &str) -> Result<Self> {
        if path.is_empty() {
            return Err(KustomizeError::Load("new root cannot be empty".to_owned()));
        }
        if self.depth >= MAX_DEPTH {
            return Err(KustomizeError::Limit(format!(
                "more than {MAX_DEPTH} kustomizations within each other"
            )));
        }
        let depth = self.depth + 1;
        if let Some(address) = GitAddress::parse(path) {
            return self.enter_repository(path, address, depth);
        }
        if path.starts_with('/') {
            return Err(KustomizeError::Load(format!("new root '{path}' cannot be absolute")));
        }
        let root = confirm_folder(&*self.files, &files::join(&self.root, path))
            .map_err(|error| error.context("must build at directory"))?;
        self.check_cycle(&root)?;
        let referrer = Some(Rc::new(self.clone()));
        Ok(Self {
            root,
            referrer,
            depth,
            ..self.clone()
        })
    }

    fn enter_repository(&self, entry: &str, address: GitAddress, depth: usize) -> Result<Self> {
        let mut ancestor = Some(self);
        while let Some(loader) = ancestor {
            if loader.repository.as_deref().is_some_and(|found| {
                found.repository == address.repository
                    && found.reference == address.reference
                    && address.path.starts_with(found.path.as_str())
            }) {
                return Err(KustomizeError::Load(format!(
                    "cycle detected: URI '{entry}' referenced by previous URI '{}'",
                    address.repository
                )));
            }
            ancestor = loader.referrer.as_deref();
        }
        let Some(Supplied::Folder { tree, path }) = self.options.remote.get(entry) else {
            return Err(KustomizeError::Remote(format!(
                "remote resource '{entry}' was not supplied"
            )));
        };
        let files: Rc<dyn Files + 'a> = Rc::new(TreeFiles(Cow::Borrowed(tree)));
        let root = confirm_folder(&*files, &files::join("/", path))?;
        Ok(Self {
            files,
            root,
            referrer: Some(Rc::new(self.clone())),
            options: self.options,
            repository: Some(Rc::new(address)),
            depth,
        })
    }

    fn check_cycle(&self, root: &str) -> Result<()> {
        let mut ancestor = Some(self);
        while let Some(loader) = ancestor {
            if files::is_within(&loader.root, root) && Rc::ptr_eq(&loader.files, &self.files) {
                return Err(KustomizeError::Load(format!(
                    "cycle detected: candidate root '{root}' contains visited root '{}'",
                    loader.root
                )));
            }
            ancestor = loader.referrer.as_deref();
        }
        Ok(())
    }
}

/// A folder's real path.
fn confirm_folder(files: &dyn Files, path: &str) -> Result<String> {
    let (real, is_folder) = files::resolve(files, path).map_err(|error| error.context("not a valid directory"))?;
    if !is_folder {
        return Err(KustomizeError::Load(format!("'{path}': file is not directory")));
    }
    Ok(real)
}
