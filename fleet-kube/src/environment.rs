//! The world that charts see while they are rendered: the clock, the operating system's randomness, DNS, and for `lookup` a
//! cluster. `fleet_core` takes all of it as an argument.

use std::net::ToSocketAddrs;

use fleet_core::cluster::{Cluster, ClusterError};
use fleet_core::object::{GroupVersionKind, ObjectKey};
use fleet_core::template::Environment;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::cluster::KubeCluster;

/// The system that a program runs on, and the cluster that it looks objects up in.
#[derive(Clone, Debug)]
pub struct SystemEnvironment<'a> {
    resolve: bool,
    cluster: Option<(&'a KubeCluster, Handle)>,
}

impl<'a> SystemEnvironment<'a> {
    /// The system without a cluster: look-ups find nothing. With or without DNS.
    pub fn new(resolve: bool) -> Self {
        Self { resolve, cluster: None }
    }

    /// Objects are looked up in a cluster, by the current tokio runtime. A look-up blocks: rendering belongs where tokio
    /// permits that, such as in `block_in_place`.
    #[must_use]
    pub fn with_cluster(mut self, cluster: &'a KubeCluster) -> Self {
        self.cluster = Some((cluster, Handle::current()));
        self
    }
}

impl Environment for SystemEnvironment<'_> {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    fn random(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("because every system that renders charts has a source of randomness");
    }

    fn time_zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::system()
    }

    fn resolve(&self, host: &str) -> Option<String> {
        if !self.resolve {
            return None;
        }
        let address = (host, 0).to_socket_addrs().ok()?.next()?;
        Some(address.ip().to_string())
    }

    fn lookup(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Result<Value, String> {
        let Some((cluster, runtime)) = &self.cluster else {
            return Ok(Value::Null);
        };
        let key = ObjectKey {
            kind: GroupVersionKind::new(api_version, kind),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        runtime
            .block_on(look_up(cluster, &key))
            .map_err(|error| error.to_string())
    }
}

/// What Helm's `lookup` gives: an object or an empty map, or a list where no name is given; an unknown kind is an error.
async fn look_up(cluster: &KubeCluster, key: &ObjectKey) -> Result<Value, ClusterError> {
    let namespaced = cluster.is_namespaced(&key.kind).await?;
    if key.name.is_empty() {
        let namespace = (namespaced && !key.namespace.is_empty()).then_some(key.namespace.as_str());
        let items = cluster.list(&key.kind, namespace, "").await?;
        return Ok(json!({
            "apiVersion": key.kind.api_version(),
            "kind": format!("{}List", key.kind.kind),
            "metadata": {},
            "items": items,
        }));
    }
    let found = cluster.get(key).await?;
    Ok(found.unwrap_or_else(|| json!({})))
}
