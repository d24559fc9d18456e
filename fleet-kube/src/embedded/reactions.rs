//! What a cluster's controllers do about changes: namespaces, garbage collection, CustomResourceDefinitions, service account
//! tokens, and simulated workloads.
//!
//! They run in the request that made the change, after its commit and before its answer, one at a time and in the order of
//! the changes. So there is nothing to wait for: who reads after a write sees what followed from it.

use std::sync::{Arc, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::custom;
use super::identity::Identity;
use super::objects::{Propagation, delete_once, set_or_remove};
use super::state::State;
use super::store::{Change, ChangeKind, Location, owners};
use super::workloads;

const CRDS: &str = "customresourcedefinitions.apiextensions.k8s.io";
const CRD_FINALIZER: &str = "customresourcecleanup.apiextensions.k8s.io";
const TOKEN_TYPE: &str = "kubernetes.io/service-account-token";
const ACCOUNT_NAME: &str = "kubernetes.io/service-account.name";

/// Most reactions to the consequences of one request: a circle of controllers must not hang a client.
const MAX_STEPS: usize = 100_000;

/// Reacts to all changes that nobody has reacted to.
pub(super) fn settle(state: &State) {
    let mut steps = 0;
    while state.store.has_unsettled() && steps < MAX_STEPS {
        // Another request's thread may be at it: then it takes our changes too, and we wait for it to be done.
        let _one_at_a_time = state.settling.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(change) = state.store.next_unsettled() {
            react(state, &change);
            steps += 1;
            if steps >= MAX_STEPS {
                tracing::warn!(table = %change.table, name = %change.name, "reactions to a request do not come to an end");
                break;
            }
        }
    }
}

fn react(state: &State, change: &Change) {
    state.bindings.update(change);
    match &*change.table {
        "namespaces" => namespace(state, change),
        CRDS => definition(state, change),
        "secrets" => secret(state, change),
        "serviceaccounts" => service_account(state, change),
        _ => {}
    }
    collect_garbage(state, change);
    if change.kind == ChangeKind::Deleted {
        // The last object of a namespace or of a definition that is going away.
        if !change.namespace.is_empty() {
            terminate_namespace(state, &change.namespace);
        }
        if change.table.contains('.')
            && let Some(crd) = state.store.get(CRDS, "", &change.table)
            && crd["metadata"]["deletionTimestamp"].is_string()
        {
            terminate_definition(state, &change.table);
        }
    }
    workloads::react(state, change);
}

/// Replaces the object at `location` by what `make` makes of it; `None` leaves it. An object that waits for its last
/// finalizer and loses it is removed.
pub(super) fn edit(state: &State, location: &Location, make: impl Fn(&Value) -> Option<Value>) {
    loop {
        let Some(current) = state.store.get(&location.table, &location.namespace, &location.name) else {
            return;
        };
        let Some(object) = make(&current) else { return };
        if object == *current {
            return;
        }
        let held = object["metadata"]["finalizers"]
            .as_array()
            .is_some_and(|f| !f.is_empty())
            || (&*location.table == "namespaces"
                && object["spec"]["finalizers"].as_array().is_some_and(|f| !f.is_empty()));
        let done = if object["metadata"]["deletionTimestamp"].is_string() && !held {
            state.store.remove(location, &current).is_ok()
        } else {
            state.store.put(location, Some(&current), object).is_ok()
        };
        if done {
            return;
        }
    }
}

/// Stores a new object that a controller makes; does nothing where one of that name exists.
pub(super) fn make(state: &State, location: &Location, mut object: Value) {
    let metadata = &mut object["metadata"];
    metadata["name"] = json!(&*location.name);
    if !location.namespace.is_empty() {
        metadata["namespace"] = json!(&*location.namespace);
    }
    metadata["uid"] = json!(state.new_uid());
    metadata["creationTimestamp"] = json!(state.now());
    // Losing means that the object is there, which is what was wanted.
    let _ = state.store.put(location, None, object);
}

/// Deletes the object at `location`, if it is there.
pub(super) fn delete(state: &State, location: &Location, propagation: Option<Propagation>) {
    let registry = state.registry();
    let Some(kind) = registry.by_table(&location.table) else {
        return;
    };
    while let Some(current) = state.store.get(&location.table, &location.namespace, &location.name) {
        if delete_once(state, kind, location, &current, propagation).is_ok() {
            return;
        }
    }
}

fn at(table: &str, namespace: &str, name: &str) -> Location {
    Location {
        table: table.into(),
        namespace: namespace.into(),
        name: name.into(),
    }
}

fn namespace(state: &State, change: &Change) {
    if change.kind == ChangeKind::Deleted {
        return;
    }
    if change.object["metadata"]["deletionTimestamp"].is_string() {
        return terminate_namespace(state, &change.name);
    }
    edit(state, &at("namespaces", "", &change.name), |namespace| {
        let mut namespace = namespace.clone();
        if namespace["status"]["phase"].is_null() {
            namespace["status"]["phase"] = json!("Active");
        }
        Some(namespace)
    });
    if change.kind == ChangeKind::Added {
        make(
            state,
            &at("serviceaccounts", &change.name, "default"),
            json!({ "apiVersion": "v1", "kind": "ServiceAccount" }),
        );
        let root = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": { "ca.crt": super::serve::CA_PLACEHOLDER },
            "metadata": { "annotations": {
                "kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.",
            } },
        });
        make(state, &at("configmaps", &change.name, "kube-root-ca.crt"), root);
    }
}

/// Deletes what is in a namespace that is going away, then lets it go.
fn terminate_namespace(state: &State, name: &str) {
    let Some(namespace) = state.store.get("namespaces", "", name) else {
        return;
    };
    if !namespace["metadata"]["deletionTimestamp"].is_string() {
        return;
    }
    for location in state.store.in_namespace(name) {
        let object = state.store.get(&location.table, name, &location.name);
        if object.is_some_and(|o| !o["metadata"]["deletionTimestamp"].is_string()) {
            delete(state, &location, Some(Propagation::Background));
        }
    }
    if state.store.in_namespace(name).is_empty() {
        edit(state, &at("namespaces", "", name), |namespace| {
            let mut namespace = namespace.clone();
            let finalizers = namespace["spec"]["finalizers"].as_array_mut()?;
            finalizers.retain(|f| f != "kubernetes");
            if finalizers.is_empty() {
                set_or_remove(&mut namespace["spec"], "finalizers", None);
            }
            Some(namespace)
        });
    }
}

fn definition(state: &State, change: &Change) {
    let crd = &change.object;
    if change.kind == ChangeKind::Deleted {
        let mut registry = (*state.registry()).clone();
        registry.remove(crd);
        state.set_registry(registry);
        state.store.drop_watches(Some(&change.name));
        return;
    }
    if crd["metadata"]["deletionTimestamp"].is_string() {
        return terminate_definition(state, &change.name);
    }
    let before = change.previous.as_ref().map(|p| &p["spec"]);
    if before != Some(&crd["spec"]) {
        let mut registry = (*state.registry()).clone();
        registry.remove(crd);
        custom::add_kinds(&mut registry, crd);
        state.set_registry(registry);
    }
    let now = state.now();
    edit(state, &at(CRDS, "", &change.name), |crd| {
        let mut next = crd.clone();
        next["status"] = custom::established(crd, &now);
        let finalizers = next["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
        if !finalizers.iter().any(|f| f == CRD_FINALIZER) {
            next["metadata"]["finalizers"] = finalizers.into_iter().chain([json!(CRD_FINALIZER)]).collect();
        }
        Some(next)
    });
}

/// Deletes the objects of a definition that is going away, then lets it go.
fn terminate_definition(state: &State, name: &str) {
    let (objects, _) = state.store.list(name, None);
    for object in &objects {
        if !object["metadata"]["deletionTimestamp"].is_string() {
            delete(state, &location_of(name, object), Some(Propagation::Background));
        }
    }
    if state.store.list(name, None).0.is_empty() {
        drop_finalizer(state, &at(CRDS, "", name), CRD_FINALIZER);
    }
}

fn location_of(table: &str, object: &Value) -> Location {
    let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
    at(table, text("namespace"), text("name"))
}

fn drop_finalizer(state: &State, location: &Location, finalizer: &str) {
    edit(state, location, |object| {
        let mut object = object.clone();
        let finalizers = object["metadata"]["finalizers"].as_array_mut()?;
        finalizers.retain(|f| f != finalizer);
        if finalizers.is_empty() {
            set_or_remove(&mut object["metadata"], "finalizers", None);
        }
        Some(object)
    });
}

/// The garbage collector: dependents go with their last owner, and hold or lose owners by the policy of the deletion.
fn collect_garbage(state: &State, change: &Change) {
    let object = &change.object;
    let metadata = &object["metadata"];
    let uid = metadata["uid"].as_str().unwrap_or_default();
    if change.kind == ChangeKind::Deleted {
        for dependent in state.store.dependents(uid) {
            release(state, &dependent, uid);
        }
        for owner in owners(object) {
            if let Some(location) = state.store.location_of_uid(owner)
                && let Some(owner) = state.store.get(&location.table, &location.namespace, &location.name)
            {
                delete_in_foreground(state, &location, &owner);
            }
        }
        return;
    }
    if metadata["deletionTimestamp"].is_string() {
        let location = at(&change.table, &change.namespace, &change.name);
        if metadata["finalizers"]
            .as_array()
            .is_some_and(|f| f.iter().any(|v| v == "orphan"))
        {
            for dependent in state.store.dependents(uid) {
                drop_owner(state, &dependent, uid);
            }
            drop_finalizer(state, &location, "orphan");
        }
        delete_in_foreground(state, &location, object);
    } else if metadata["ownerReferences"].is_array() {
        let mut all = owners(object).peekable();
        if all.peek().is_some() && all.all(|owner| state.store.location_of_uid(owner).is_none()) {
            delete(
                state,
                &at(&change.table, &change.namespace, &change.name),
                Some(Propagation::Background),
            );
        }
    }
}

/// Deletes the dependents of an object that is deleted in the foreground; lets it go when none is left.
fn delete_in_foreground(state: &State, location: &Location, object: &Value) {
    let metadata = &object["metadata"];
    let waits = metadata["finalizers"]
        .as_array()
        .is_some_and(|f| f.iter().any(|v| v == "foregroundDeletion"));
    if !waits || !metadata["deletionTimestamp"].is_string() {
        return;
    }
    let uid = metadata["uid"].as_str().unwrap_or_default();
    for dependent in state.store.dependents(uid) {
        let current = state.store.get(&dependent.table, &dependent.namespace, &dependent.name);
        if current.is_some_and(|c| !c["metadata"]["deletionTimestamp"].is_string()) {
            delete(state, &dependent, Some(Propagation::Foreground));
        }
    }
    let blocked = state.store.dependents(uid).iter().any(|dependent| {
        let current = state.store.get(&dependent.table, &dependent.namespace, &dependent.name);
        current.is_some_and(|c| {
            let own = c["metadata"]["ownerReferences"].as_array().into_iter().flatten();
            own.into_iter()
                .any(|o| o["uid"] == uid && o["blockOwnerDeletion"] == true)
        })
    });
    if !blocked {
        drop_finalizer(state, location, "foregroundDeletion");
    }
}

/// The owner `uid` of a dependent has gone.
fn release(state: &State, dependent: &Location, uid: &str) {
    let Some(object) = state.store.get(&dependent.table, &dependent.namespace, &dependent.name) else {
        return;
    };
    if owners(&object).any(|owner| owner != uid && state.store.location_of_uid(owner).is_some()) {
        drop_owner(state, dependent, uid);
    } else if !object["metadata"]["deletionTimestamp"].is_string() {
        delete(state, dependent, Some(Propagation::Background));
    }
}

fn drop_owner(state: &State, dependent: &Location, uid: &str) {
    edit(state, dependent, |object| {
        let mut object = object.clone();
        let references = object["metadata"]["ownerReferences"].as_array_mut()?;
        references.retain(|o| o["uid"] != uid);
        if references.is_empty() {
            set_or_remove(&mut object["metadata"], "ownerReferences", None);
        }
        Some(object)
    });
}

/// Fills in a service account token Secret; forgets the token of a deleted one.
fn secret(state: &State, change: &Change) {
    let secret = &change.object;
    if secret["type"] != TOKEN_TYPE {
        return;
    }
    let token_of = |secret: &Value| {
        let bytes = STANDARD.decode(secret["data"]["token"].as_str()?).ok()?;
        String::from_utf8(bytes).ok().filter(|t| !t.is_empty())
    };
    if change.kind == ChangeKind::Deleted {
        if let Some(token) = token_of(secret) {
            state.remove_token(&token);
        }
        return;
    }
    let name = secret["metadata"]["annotations"][ACCOUNT_NAME]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let location = at("secrets", &change.namespace, &change.name);
    let Some(account) = state.store.get("serviceaccounts", &change.namespace, &name) else {
        return delete(state, &location, None);
    };
    let identity = Identity::service_account(&change.namespace, &name);
    if let Some(token) = token_of(secret) {
        if let Some(previous) = change
            .previous
            .as_ref()
            .and_then(|p| token_of(p))
            .filter(|p| *p != token)
        {
            state.remove_token(&previous);
        }
        state.add_token(token, identity);
        return;
    }
    let token = state.new_token(
        &identity,
        json!({
            "kubernetes.io/serviceaccount/namespace": &*change.namespace,
            "kubernetes.io/serviceaccount/secret.name": &*change.name,
            "kubernetes.io/serviceaccount/service-account.name": name,
            "kubernetes.io/serviceaccount/service-account.uid": account["metadata"]["uid"],
        }),
    );
    edit(state, &location, |secret| {
        let mut secret = secret.clone();
        if secret["data"].is_null() {
            secret["data"] = json!({});
        }
        secret["data"]["token"] = json!(STANDARD.encode(&token));
        secret["data"]["namespace"] = json!(STANDARD.encode(&*change.namespace));
        secret["data"]["ca.crt"] = json!(STANDARD.encode(super::serve::CA_PLACEHOLDER));
        secret["metadata"]["annotations"]["kubernetes.io/service-account.uid"] = account["metadata"]["uid"].clone();
        Some(secret)
    });
}

/// A deleted service account takes its tokens with it; the default one comes back.
fn service_account(state: &State, change: &Change) {
    if change.kind != ChangeKind::Deleted {
        return;
    }
    state.remove_tokens_of(&Identity::service_account(&change.namespace, &change.name).user);
    for secret in state.store.list("secrets", Some(&change.namespace)).0 {
        if secret["type"] == TOKEN_TYPE && secret["metadata"]["annotations"][ACCOUNT_NAME] == *change.name {
            delete(state, &location_of("secrets", &secret), None);
        }
    }
    let alive = state.store.get("namespaces", "", &change.namespace);
    if &*change.name == "default" && alive.is_some_and(|n| !n["metadata"]["deletionTimestamp"].is_string()) {
        let account = json!({ "apiVersion": "v1", "kind": "ServiceAccount" });
        make(state, &at("serviceaccounts", &change.namespace, "default"), account);
    }
}

/// Brings what is kept beside the store (kinds, bindings, tokens) in line with a store that was loaded.
pub(super) fn rebuild(state: &State) {
    let mut registry = (*state.registry()).clone();
    for crd in state.store.list(CRDS, None).0 {
        custom::add_kinds(&mut registry, &crd);
    }
    state.set_registry(registry);
    for table in [
        "rolebindings.rbac.authorization.k8s.io",
        "clusterrolebindings.rbac.authorization.k8s.io",
    ] {
        for object in state.store.list(table, None).0 {
            let location = location_of(table, &object);
            state.bindings.update(&Change {
                revision: 0,
                kind: ChangeKind::Added,
                table: location.table,
                namespace: location.namespace,
                name: location.name,
                object,
                previous: None,
            });
        }
    }
    for object in state.store.list("secrets", None).0 {
        let location = location_of("secrets", &object);
        let change = Change {
            revision: 0,
            kind: ChangeKind::Modified,
            table: location.table,
            namespace: location.namespace,
            name: location.name,
            previous: Some(Arc::clone(&object)),
            object,
        };
        secret(state, &change);
    }
}
