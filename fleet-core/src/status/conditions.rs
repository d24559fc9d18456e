//! Setting and reading conditions as Wrangler's generic conditions do.
//!
//! A condition keeps its place in the list; a new type is appended. `lastUpdateTime` moves only when status or message do,
//! so that computing the same state again changes nothing.

use jiff::Timestamp;

use crate::api::{Condition, Time};

/// The condition of a type.
pub fn get<'a>(conditions: &'a [Condition], kind: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.type_ == kind)
}

/// Whether the condition of a type has this status.
pub fn is(conditions: &[Condition], kind: &str, status: &str) -> bool {
    get(conditions, kind).is_some_and(|condition| condition.status == status)
}

/// The message of a type's condition; empty without one.
pub fn message<'a>(conditions: &'a [Condition], kind: &str) -> &'a str {
    get(conditions, kind).map_or("", |condition| condition.message.as_str())
}

/// Sets a condition as given.
pub fn set(conditions: &mut Vec<Condition>, kind: &str, status: &str, reason: &str, message: &str, now: Timestamp) {
    let found = conditions.iter_mut().find(|condition| condition.type_ == kind);
    let condition = match found {
        Some(condition) => condition,
        None => {
            conditions.push(Condition {
                type_: kind.to_owned(),
                ..Condition::default()
            });
            conditions.last_mut().expect("because one was just pushed")
        }
    };
    if condition.status != status || condition.message != message {
        condition.last_update_time = Time::from_timestamp(now).0;
    }
    status.clone_into(&mut condition.status);
    reason.clone_into(&mut condition.reason);
    message.clone_into(&mut condition.message);
}

/// Sets a condition to `True` without a message, or to `False` with the error and the reason `Error`.
pub fn set_error(conditions: &mut Vec<Condition>, kind: &str, error: Option<&str>, now: Timestamp) {
    match error {
        None => set(conditions, kind, "True", "", "", now),
        Some(error) => set(conditions, kind, "False", "Error", error, now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_moves_only_with_status_or_message() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let mut conditions = Vec::new();
        set_error(&mut conditions, "Ready", None, at(10));
        set_error(&mut conditions, "Deployed", Some("boom"), at(11));
        set_error(&mut conditions, "Ready", None, at(20));
        assert_eq!(conditions[0].last_update_time, "1970-01-01T00:00:10Z");
        set_error(&mut conditions, "Ready", Some("no"), at(30));
        assert_eq!(conditions[0].last_update_time, "1970-01-01T00:00:30Z");
        assert_eq!(
            (conditions[0].reason.as_str(), conditions[1].type_.as_str()),
            ("Error", "Deployed")
        );
    }
}
