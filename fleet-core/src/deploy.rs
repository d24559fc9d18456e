//! Install, upgrade, rollback, uninstall as steps over a `cluster`.
