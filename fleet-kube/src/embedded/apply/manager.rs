//! `metadata.managedFields`: reading, writing, and the rules for updates and applies.

use serde_json::{Value, json};

use super::field_set::FieldSet;
use super::merge::{compare, fields_of, merge, remove_dropped};
use super::shape::Schema;
use crate::embedded::error::{ApiError, ApiResult};
use crate::embedded::registry::Kind;

/// Fields that belong to nobody.
const UNOWNED: [&[&str]; 13] = [
    &["apiVersion"],
    &["kind"],
    &["metadata", "name"],
    &["metadata", "namespace"],
    &["metadata", "creationTimestamp"],
    &["metadata", "selfLink"],
    &["metadata", "uid"],
    &["metadata", "clusterName"],
    &["metadata", "generation"],
    &["metadata", "managedFields"],
    &["metadata", "resourceVersion"],
    &["metadata", "deletionTimestamp"],
    &["metadata", "deletionGracePeriodSeconds"],
];

/// One entry of `managedFields`.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    manager: String,
    operation: String,
    api_version: String,
    subresource: String,
    time: Option<String>,
    fields: FieldSet,
}

impl Entry {
    fn is(&self, manager: &str, operation: &str, api_version: &str, subresource: &str) -> bool {
        self.manager == manager
            && self.operation == operation
            && self.api_version == api_version
            && self.subresource == subresource
    }

    /// The manager as a conflict names it.
    fn shown(&self) -> String {
        let mut text = format!("{:?}", self.manager);
        if !self.subresource.is_empty() {
            text.push_str(&format!(" with subresource {:?}", self.subresource));
        }
        if self.operation == "Update" {
            text.push_str(&format!(" using {}", self.api_version));
            if let Some(time) = &self.time {
                text.push_str(&format!(" at {time}"));
            }
        }
        text
    }
}

fn read(object: &Value) -> Vec<Entry> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let entries = object["metadata"]["managedFields"].as_array();
    entries
        .into_iter()
        .flatten()
        .map(|entry| Entry {
            manager: text(&entry["manager"]),
            operation: text(&entry["operation"]),
            api_version: text(&entry["apiVersion"]),
            subresource: text(&entry["subresource"]),
            time: entry["time"].as_str().map(str::to_owned),
            fields: FieldSet::read(&entry["fieldsV1"]),
        })
        .collect()
}

fn write(object: &mut Value, mut entries: Vec<Entry>) {
    entries.retain(|e| !e.fields.is_empty());
    if entries.is_empty() {
        crate::embedded::objects::set_or_remove(&mut object["metadata"], "managedFields", None);
        return;
    }
    // Appliers first, then by time, as `managedfields` sorts them.
    entries.sort_by(|a, b| {
        a.operation
            .cmp(&b.operation)
            .then_with(|| a.time.cmp(&b.time))
            .then_with(|| a.manager.cmp(&b.manager))
    });
    let entries: Vec<Value> = entries
        .into_iter()
        .map(|entry| {
            let mut value = json!({
                "manager": entry.manager, "operation": entry.operation, "apiVersion": entry.api_version,
                "time": entry.time, "fieldsType": "FieldsV1", "fieldsV1": entry.fields.to_value(),
            });
            if !entry.subresource.is_empty() {
                value["subresource"] = json!(entry.subresource);
            }
            value
        })
        .collect();
    object["metadata"]["managedFields"] = Value::Array(entries);
}

fn without_unowned(mut set: FieldSet) -> FieldSet {
    for path in UNOWNED {
        set.remove_path(path);
    }
    if let Some(metadata) = set.children.get_mut("f:metadata") {
        metadata.own = false;
        if metadata.is_empty() {
            set.children.remove("f:metadata");
        }
    }
    set.own = false;
    set
}

/// Notes that `manager` made `object` out of `live` by a create, an update or a patch.
pub(in crate::embedded) fn updated(
    kind: &Kind,
    live: &Value,
    object: &mut Value,
    manager: &str,
    subresource: Option<&str>,
    now: &str,
) {
    // A client that sends entries of its own edits them (as Helm and kubectl do when they move to server-side apply).
    // Entries that are missing are kept from the live object, except that one empty entry asks for a clean slate.
    let sent = object["metadata"]["managedFields"].as_array().cloned();
    let reset = sent
        .as_ref()
        .is_some_and(|s| s.len() == 1 && s[0].as_object().is_some_and(serde_json::Map::is_empty));
    if reset {
        write(object, Vec::new());
        return;
    }
    let mut entries = match sent {
        Some(sent) if !sent.is_empty() && subresource.is_none() => read(object),
        _ => read(live),
    };
    let schema = Schema::of(kind);
    let difference = compare(schema, live, object);
    let changed = without_unowned(difference.changed);
    let removed = without_unowned(difference.removed);
    let (api_version, sub) = (kind.api_version(), subresource.unwrap_or_default());
    let mut found = false;
    for entry in &mut entries {
        entry.fields.subtract(&removed);
        if entry.is(manager, "Update", &api_version, sub) {
            found = true;
            let before = entry.fields.clone();
            entry.fields.union(&changed);
            if !changed.is_empty() || before != entry.fields {
                entry.time = Some(now.to_owned());
            }
        } else {
            entry.fields.subtract(&changed);
        }
    }
    if !found && !changed.is_empty() {
        entries.push(Entry {
            manager: manager.to_owned(),
            operation: "Update".into(),
            api_version,
            subresource: sub.to_owned(),
            time: Some(now.to_owned()),
            fields: changed,
        });
    }
    write(object, entries);
}

/// One apply request.
pub(in crate::embedded) struct Apply<'a> {
    pub(in crate::embedded) kind: &'a Kind,
    pub(in crate::embedded) manager: &'a str,
    pub(in crate::embedded) subresource: Option<&'a str>,
    pub(in crate::embedded) force: bool,
    pub(in crate::embedded) now: &'a str,
}

impl Apply<'_> {
    /// The object that results, with its managers; 409 where others own what would change.
    pub(in crate::embedded) fn merge(&self, live: Option<&Value>, config: &Value) -> ApiResult<Value> {
        let schema = Schema::of(self.kind);
        let empty = json!({});
        let base = live.unwrap_or(&empty);
        let mut config = config.clone();
        crate::embedded::objects::set_or_remove(&mut config["metadata"], "managedFields", None);
        let mut object = merge(schema, base, &config);
        let set = without_unowned(fields_of(schema, &config));
        let mut entries = read(base);
        let (api_version, sub) = (self.kind.api_version(), self.subresource.unwrap_or_default());
        let own = entries
            .iter()
            .position(|e| e.is(self.manager, "Apply", &api_version, sub));
        let last = own.map(|index| entries[index].fields.clone());
        // What the applier no longer names goes, unless another manager owns it too.
        if let Some(last) = &last {
            let mut owned = set.clone();
            for (index, entry) in entries.iter().enumerate() {
                if Some(index) != own {
                    owned.union(&entry.fields);
                }
            }
            remove_dropped(schema, &mut object, last, &owned);
        }
        let difference = compare(schema, base, &object);
        let changed = without_unowned(difference.changed);
        let removed = without_unowned(difference.removed);
        let mut conflicts = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let both = entry.fields.intersection(&changed);
            if Some(index) != own && !both.is_empty() {
                conflicts.push((entry.shown(), both));
            }
        }
        if !conflicts.is_empty() && !self.force {
            return Err(conflict(&conflicts));
        }
        for (index, entry) in entries.iter_mut().enumerate() {
            if Some(index) != own {
                entry.fields.subtract(&changed);
                entry.fields.subtract(&removed);
            }
        }
        let nothing_new = last.as_ref() == Some(&set) && changed.is_empty() && removed.is_empty();
        match own {
            Some(index) => {
                entries[index].fields = set;
                if !nothing_new {
                    entries[index].time = Some(self.now.to_owned());
                }
            }
            None => entries.push(Entry {
                manager: self.manager.to_owned(),
                operation: "Apply".into(),
                api_version,
                subresource: sub.to_owned(),
                time: Some(self.now.to_owned()),
                fields: set,
            }),
        }
        write(&mut object, entries);
        Ok(object)
    }
}

/// 409, as `managedfields/internal/conflict.go` words it.
fn conflict(conflicts: &[(String, FieldSet)]) -> ApiError {
    let mut causes = Vec::new();
    let mut texts = Vec::new();
    let mut count = 0;
    for (manager, fields) in conflicts {
        let paths = fields.paths();
        count += paths.len();
        for path in &paths {
            causes.push(json!({
                "reason": "FieldManagerConflict", "message": format!("conflict with {manager}"), "field": path,
            }));
        }
        texts.push(match &paths[..] {
            [one] => format!("conflict with {manager}: {one}"),
            many => format!("conflicts with {manager}:\n- {}", many.join("\n- ")),
        });
    }
    let noun = if count == 1 { "conflict" } else { "conflicts" };
    let mut error = ApiError::new(
        409,
        "Conflict",
        format!("Apply failed with {count} {noun}: {}", texts.join("\n")),
    );
    error.details = Some(json!({ "causes": causes }));
    error
}
