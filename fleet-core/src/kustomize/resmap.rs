//! The resources of a layer, in order, with unique current IDs.

use std::collections::HashSet;

use super::{
    error::{KustomizeError, Result},
    id::Id,
    kustomization::Selector,
    resource::{Behavior, Resource},
    selector::Matcher,
};

/// Resources in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub(super) struct ResMap {
    list: Vec<Resource>,
    /// Current IDs (normalized), for as long as nothing could have changed one.
    ids: Option<HashSet<Id>>,
}

impl ResMap {
    pub(super) fn list(&self) -> &[Resource] {
        &self.list
    }

    /// The resources, to be changed: IDs are looked at anew afterwards.
    pub(super) fn list_mut(&mut self) -> &mut Vec<Resource> {
        self.ids = None;
        &mut self.list
    }

    pub(super) fn into_list(self) -> Vec<Resource> {
        self.list
    }

    fn ids(&mut self) -> &mut HashSet<Id> {
        let list = &self.list;
        self.ids
            .get_or_insert_with(|| list.iter().map(|resource| resource.current_id().normalized()).collect())
    }

    pub(super) fn append(&mut self, resource: Resource) -> Result<()> {
        let id = resource.current_id();
        if !self.ids().insert(id.clone().normalized()) {
            return Err(KustomizeError::Conflict(format!(
                "may not add resource with an already registered id: {id}"
            )));
        }
        self.list.push(resource);
        Ok(())
    }

    pub(super) fn append_all(&mut self, resources: impl IntoIterator<Item = Resource>) -> Result<()> {
        resources.into_iter().try_for_each(|resource| self.append(resource))
    }

    /// Takes out what patches have emptied.
    pub(super) fn drop_empties(&mut self) {
        if self.list.iter().any(Resource::is_empty) {
            self.list_mut().retain(|resource| !resource.is_empty());
        }
    }

    /// An error if two current IDs are equal.
    pub(super) fn check_unique(&mut self) -> Result<()> {
        let mut seen = HashSet::with_capacity(self.list.len());
        for resource in &self.list {
            let id = resource.current_id();
            if !seen.insert(id.clone().normalized()) {
                return Err(KustomizeError::Conflict(format!(
                    "may not add resource with an already registered id: {id}"
                )));
            }
        }
        self.ids = Some(seen);
        Ok(())
    }

    /// Positions of the resources that have, or had, such an ID.
    pub(super) fn matching_any_id(&self, matches: impl Fn(&Id) -> bool) -> Vec<usize> {
        let found = self.list.iter().enumerate().filter(|(_, resource)| {
            !resource.is_empty() && (resource.previous_ids().any(|id| matches(&id)) || matches(&resource.current_id()))
        });
        found.map(|(at, _)| at).collect()
    }

    /// The one resource with an ID, current or previous, as a patch without target needs it.
    pub(super) fn by_id(&self, id: &Id) -> Result<usize> {
        // The name alone rules nearly everything out, without an ID being made.
        let found: Vec<usize> = self
            .list
            .iter()
            .enumerate()
            .filter(|(_, resource)| {
                !resource.is_empty()
                    && (resource.name() == id.name || resource.previous.iter().any(|previous| previous.name == id.name))
                    && (resource.previous_ids().any(|found| id.equals(&found)) || id.equals(&resource.current_id()))
            })
            .map(|(at, _)| at)
            .collect();
        match found.as_slice() {
            [at] => Ok(*at),
            found => {
                let count = if found.is_empty() { "no" } else { "multiple" };
                Err(KustomizeError::Patch(format!(
                    "{count} matches for Id {id}; failed to find unique target for patch {id}"
                )))
            }
        }
    }

    /// Positions of what a selector selects.
    pub(super) fn select(&self, selector: &Selector) -> Result<Vec<usize>> {
        let matcher = Matcher::new(selector)?;
        let mut selected = Vec::new();
        for (at, resource) in self.list.iter().enumerate() {
            if matcher.selects(resource)? {
                selected.push(at);
            }
        }
        Ok(selected)
    }

    /// Adds what a generator made: creates, merges or replaces by its behaviour.
    pub(super) fn absorb(&mut self, mut new: Resource) -> Result<()> {
        let id = new.current_id();
        let matches = self.matching_any_id(|found| id.equals(found));
        let debug = || {
            format!(
                "resid.ResId{{Gvk:resid.Gvk{{Group:{:?}, Version:{:?}, Kind:{:?}, isClusterScoped:{}}}, Name:{:?}, Namespace:{:?}}}",
                id.gvk.group,
                id.gvk.version,
                id.gvk.kind,
                id.gvk.is_cluster_scoped(),
                id.name,
                id.namespace
            )
        };
        match (matches.as_slice(), new.behavior) {
            ([], Behavior::Merge | Behavior::Replace) => Err(KustomizeError::Generator(format!(
                "id {} does not exist; cannot merge or replace",
                debug()
            ))),
            ([], _) => self.append(new),
            (&[at], Behavior::Merge | Behavior::Replace) => {
                let old = &mut self.list[at];
                if new.behavior == Behavior::Merge {
                    super::generate::merge_data(&mut new, old);
                }
                super::generate::merge_metadata(&mut new, old);
                self.list[at] = new;
                Ok(())
            }
            ([_], _) => Err(KustomizeError::Conflict(format!(
                "id {} exists; can not use behavior: '{}', behavior must be merge or replace",
                debug(),
                new.behavior.name()
            ))),
            (several, _) => Err(KustomizeError::Generator(format!(
                "found multiple objects {:?} that could accept merge of {id}",
                several
                    .iter()
                    .map(|at| self.list[*at].current_id().to_string())
                    .collect::<Vec<_>>()
            ))),
        }
    }
}
