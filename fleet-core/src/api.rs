//! Fleet's kinds: spec and status of each, as `fleet.cattle.io/v1alpha1` has them on the wire.
