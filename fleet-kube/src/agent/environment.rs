//! The world that charts see while an agent renders them: the clock, the operating system's randomness, DNS, and the
//! agent's cluster for `lookup`, as the deployment's identity sees it.

use std::net::ToSocketAddrs;

use fleet_core::cluster::{Cluster, ClusterError};
use fleet_core::object::{GroupVersionKind, ObjectKey};
use fleet_core::template::Environment;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::cluster::KubeCluster;

/// What a chart can ask while it is rendered. Rendering blocks: it belongs where tokio permits that.
pub(crate) struct ClusterEnvironment<'a> {
    cluster: &'a KubeCluster,
    runtime: Handle,
}

impl<'a> ClusterEnvironment<'a> {
    /// The environment of a render on the current runtime.
    pub(crate) fn new(cluster: &'a KubeCluster) -> Self {
        Self {
            cluster,
            runtime: Handle::current(),
        }
    }

    async fn look_up(&self, key: &ObjectKey) -> Result<Value, ClusterError> {
        // An unknown kind is an error to Helm, an object that is not there is an empty map.
        let namespaced = self.cluster.is_namespaced(&key.kind).await?;
        if key.name.is_empty() {
            let namespace = (namespaced && !key.namespace.is_empty()).then_some(key.namespace.as_str());
            let items = self.cluster.list(&key.kind, namespace, "").await?;
            return Ok(json!({
                "apiVersion": key.kind.api_version(),
                "kind": format!("{}List", key.kind.kind),
                "metadata": {},
                "items": items,
            }));
        }
        let found = self.cluster.get(key).await?;
        Ok(found.unwrap_or_else(|| json!({})))
    }
}

impl Environment for ClusterEnvironment<'_> {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    fn random(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("because every system that runs an agent has a source of randomness");
    }

    fn time_zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::system()
    }

    fn resolve(&self, host: &str) -> Option<String> {
        let address = (host, 0).to_socket_addrs().ok()?.next()?;
        Some(address.ip().to_string())
    }

    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<Value, String> {
        let key = ObjectKey {
            kind: GroupVersionKind::new(api_version, kind),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        self.runtime
            .block_on(self.look_up(&key))
            .map_err(|error| error.to_string())
    }
}
