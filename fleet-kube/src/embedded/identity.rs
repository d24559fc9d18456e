//! Who sends a request.

use serde_json::Value;

/// An authenticated user with its groups, as Kubernetes' authorizers see it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// `admin`, `system:serviceaccount:NAMESPACE:NAME`.
    pub user: String,
    /// Groups, with `system:authenticated` where the user is known.
    pub groups: Vec<String>,
}

impl Identity {
    /// A user that may do anything (group `system:masters`).
    pub fn admin() -> Self {
        Identity {
            user: "admin".into(),
            groups: vec!["system:masters".into(), "system:authenticated".into()],
        }
    }

    /// A named user without rights of its own.
    pub fn user(name: impl Into<String>) -> Self {
        Identity {
            user: name.into(),
            groups: vec!["system:authenticated".into()],
        }
    }

    /// The user that a service account's token stands for.
    pub fn service_account(namespace: &str, name: &str) -> Self {
        Identity {
            user: format!("system:serviceaccount:{namespace}:{name}"),
            groups: vec![
                "system:serviceaccounts".into(),
                format!("system:serviceaccounts:{namespace}"),
                "system:authenticated".into(),
            ],
        }
    }

    /// A request without credentials.
    pub fn anonymous() -> Self {
        Identity {
            user: "system:anonymous".into(),
            groups: vec!["system:unauthenticated".into()],
        }
    }

    /// The same user with one more group.
    #[must_use]
    pub fn with_group(mut self, group: impl Into<String>) -> Self {
        self.groups.push(group.into());
        self
    }

    /// Whether the user is in `system:masters`, which passes every authorization.
    pub fn is_admin(&self) -> bool {
        self.groups.iter().any(|g| g == "system:masters")
    }

    /// `UserInfo` of reviews.
    pub(super) fn to_value(&self) -> Value {
        serde_json::json!({ "username": self.user, "groups": self.groups })
    }
}
