//! Hooks: objects that run at an event of a release (Helm v4.2.3 `execHook`).

use std::time::Duration;

use serde_json::Value;

use super::{Clock, DeployError, wait};
use crate::cluster::{Cluster, ClusterError};
use crate::helm::release::{Hook, HookDeletePolicy, HookEvent, HookPhase, Release};
use crate::object::{self, ObjectKey};

/// Runs the hooks of an event by weight, then name, one after the other, and notes each run in the release.
pub(super) async fn run(
    cluster: &dyn Cluster,
    clock: &dyn Clock,
    release: &mut Release,
    event: HookEvent,
    timeout: Duration,
) -> Result<(), DeployError> {
    let mut order: Vec<usize> = (0..release.hooks.len())
        .filter(|at| release.hooks[*at].events.contains(&event))
        .collect();
    order.sort_by(|a, b| {
        let key = |at: usize| (release.hooks[at].weight, release.hooks[at].name.as_str());
        key(*a).cmp(&key(*b))
    });
    for at in &order {
        let namespace = release.namespace.clone();
        let hook = &mut release.hooks[*at];
        let Ok(object) = crate::yaml::read(&hook.manifest) else {
            return Err(DeployError::Hook {
                hook: hook.name.clone(),
                cause: "its manifest cannot be read".to_owned(),
            });
        };
        let key = key_of(cluster, &object, &namespace).await?;
        if deletes(hook, &HookDeletePolicy::BeforeHookCreation) {
            delete_and_wait(cluster, clock, hook, &key, timeout).await?;
        }
        hook.last_run.started_at = Some(clock.now());
        hook.last_run.phase = HookPhase::Running;
        let mut object = object;
        if !key.namespace.is_empty() {
            object::set_namespace(&mut object, &key.namespace);
        }
        let outcome = match cluster.create(&object).await {
            Ok(_) => wait::until_complete(cluster, clock, &key, timeout).await,
            Err(error) => Err(error.to_string()),
        };
        hook.last_run.completed_at = Some(clock.now());
        match outcome {
            Ok(()) => hook.last_run.phase = HookPhase::Succeeded,
            Err(cause) => {
                hook.last_run.phase = HookPhase::Failed;
                if deletes(hook, &HookDeletePolicy::HookFailed) {
                    delete(cluster, hook, &key).await?;
                }
                return Err(DeployError::Hook {
                    hook: hook.name.clone(),
                    cause,
                });
            }
        }
    }
    // What succeeded goes only when all did: a later hook may need an earlier one's object.
    for at in &order {
        let hook = &release.hooks[*at];
        if deletes(hook, &HookDeletePolicy::HookSucceeded) {
            let object = crate::yaml::read(&hook.manifest).unwrap_or(Value::Null);
            let key = key_of(cluster, &object, &release.namespace).await?;
            delete(cluster, hook, &key).await?;
        }
    }
    Ok(())
}

/// Whether a policy holds for a hook; without any it is `before-hook-creation`. Definitions are never deleted.
fn deletes(hook: &Hook, policy: &HookDeletePolicy) -> bool {
    if hook.kind == "CustomResourceDefinition" {
        return false;
    }
    if hook.delete_policies.is_empty() {
        return *policy == HookDeletePolicy::BeforeHookCreation;
    }
    hook.delete_policies.contains(policy)
}

async fn key_of(cluster: &dyn Cluster, object: &Value, namespace: &str) -> Result<ObjectKey, DeployError> {
    let mut key = ObjectKey::of(object);
    match cluster.is_namespaced(&key.kind).await {
        Ok(true) if key.namespace.is_empty() => namespace.clone_into(&mut key.namespace),
        Ok(true) => {}
        Ok(false) => key.namespace.clear(),
        Err(source) => {
            return Err(DeployError::Object {
                action: "looking up the kind of hook",
                object: Box::new(key),
                source,
            });
        }
    }
    Ok(key)
}

async fn delete(cluster: &dyn Cluster, hook: &Hook, key: &ObjectKey) -> Result<bool, DeployError> {
    let cause = |error: ClusterError| DeployError::Hook {
        hook: hook.name.clone(),
        cause: error.to_string(),
    };
    cluster.delete(key).await.map_err(cause)
}

async fn delete_and_wait(
    cluster: &dyn Cluster,
    clock: &dyn Clock,
    hook: &Hook,
    key: &ObjectKey,
    timeout: Duration,
) -> Result<(), DeployError> {
    if delete(cluster, hook, key).await? {
        let gone = wait::until_gone(cluster, clock, key, timeout).await;
        gone.map_err(|cause| DeployError::Hook {
            hook: hook.name.clone(),
            cause,
        })?;
    }
    Ok(())
}
