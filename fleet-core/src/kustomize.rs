//! Kustomize: `kustomization.yaml` builds over an in-memory tree.
