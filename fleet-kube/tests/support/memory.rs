//! A repository in memory, whose commits a test makes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use fleet_core::source::{Revision, Source, SourceError, SourceReference};
use fleet_core::tree::Tree;

/// Commits of one branch `main`, at every address but `unreachable`.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    commits: Arc<Mutex<Vec<Arc<Tree>>>>,
}

impl Memory {
    /// A repository whose first commit has these files.
    pub fn new(files: &[(&str, &str)]) -> Self {
        let memory = Self::default();
        memory.commit(files);
        memory
    }

    /// A further commit, of these files alone.
    pub fn commit(&self, files: &[(&str, &str)]) {
        let files: BTreeMap<&str, &str> = files.iter().copied().collect();
        let files: Vec<(&str, &str)> = files.into_iter().collect();
        self.commits
            .lock()
            .unwrap()
            .push(Arc::new(Tree::try_from(&files[..]).unwrap()));
    }

    /// The hash of the newest commit.
    pub fn head(&self) -> String {
        format!("{:040x}", self.commits.lock().unwrap().len())
    }
}

#[async_trait]
impl Source for Memory {
    async fn resolve(&self, reference: &SourceReference) -> Result<Revision, SourceError> {
        if reference.repository.contains("unreachable") {
            return Err(SourceError::Unreachable {
                repository: reference.repository.clone(),
                message: "connection refused".to_owned(),
            });
        }
        match reference.branch.as_deref() {
            Some("main") | None => Ok(Revision::parse(&self.head()).unwrap()),
            Some(branch) => Err(SourceError::BranchMissing {
                branch: branch.to_owned(),
            }),
        }
    }

    async fn tree(&self, _: &SourceReference, revision: &Revision) -> Result<Arc<Tree>, SourceError> {
        let at = usize::from_str_radix(revision.to_string().trim_start_matches('0'), 16).unwrap();
        Ok(self.commits.lock().unwrap()[at - 1].clone())
    }
}
