//! Kubernetes for the Fleet SDK: CRDs, the manager's controllers, the agent, and an embedded API server.
//!
//! Manager and agent talk to a [`kube::Client`] each. The same code runs on [`embedded`] (in process, no sockets), on a
//! real kube-apiserver in tests, and on production clusters.
//!
//! - [`manager`]: GitRepos to Bundles to BundleDeployments, registration of clusters, roll-up of states. It takes an
//!   `Arc<dyn Source>` and knows no git; it holds no client for any downstream cluster.
//! - [`agent`]: registers its cluster, pulls its BundleDeployments, deploys them as Helm releases, watches and reports.
//! - [`local`]: a whole fleet in one process.
//! - [`crd`]: the custom resource definitions of Fleet's kinds.
//! - [`cluster`]: a [`fleet_core::cluster::Cluster`] over a [`kube::Client`].
//! - [`environment`]: what charts see of the system and the cluster.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod agent;
pub mod cluster;
pub mod crd;
pub mod embedded;
pub mod environment;
pub mod local;
pub mod manager;
mod queue;
mod watch;

pub use kube;
