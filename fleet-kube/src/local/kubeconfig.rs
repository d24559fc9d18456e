//! A kubeconfig with a context for each API server.

use fleet_core::yaml;
use serde_json::json;

/// An API server that is served, and who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// Name of the context.
    pub name: String,
    /// URL of the API server.
    pub url: String,
    /// Bearer token.
    pub token: String,
}

/// A kubeconfig with these contexts, the first of which is the current one.
pub fn kubeconfig(contexts: &[Context]) -> String {
    let each = |part: fn(&Context) -> serde_json::Value| contexts.iter().map(part).collect::<Vec<_>>();
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": contexts.first().map_or("", |context| context.name.as_str()),
        "clusters": each(|context| json!({"name": context.name, "cluster": {"server": context.url}})),
        "users": each(|context| json!({"name": context.name, "user": {"token": context.token}})),
        "contexts": each(|context| {
            json!({"name": context.name, "context": {"cluster": context.name, "user": context.name}})
        }),
    });
    yaml::write(&config).unwrap_or_else(|_| config.to_string())
}
