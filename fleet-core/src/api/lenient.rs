//! Reading as Go's `encoding/json` reads: `null` leaves the zero value, in lists and maps too.

use std::collections::BTreeMap;

use serde::de::{Deserialize, Deserializer, Error, Unexpected};
use serde_json::Number;

/// True for what `omitempty` leaves out.
pub(super) fn is_zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// `null` is the zero value.
pub(super) fn null_as_zero<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// `null` is the empty list, and a `null` item the zero value.
pub(super) fn null_items_as_zero<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let items = Option::<Vec<Option<T>>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(items.into_iter().map(Option::unwrap_or_default).collect())
}

/// `null` is the empty map, and a `null` value the zero value.
pub(super) fn null_values_as_zero<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<BTreeMap<String, T>, D::Error> {
    let entries = Option::<BTreeMap<String, Option<T>>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(entries
        .into_iter()
        .map(|(key, value)| (key, value.unwrap_or_default()))
        .collect())
}

/// `null` is 0, and `3.0` is 3: YAML's `3.0` is written `3` on the way to Go's integers.
pub(super) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let Some(number) = Option::<Number>::deserialize(deserializer)? else {
        return Ok(0);
    };
    if let Some(integer) = number.as_i64() {
        return Ok(integer);
    }
    let float = number.as_f64().unwrap_or(f64::NAN);
    // 2^63 is the first float above i64.
    if float.fract() == 0.0 && float.abs() < 9_223_372_036_854_775_808.0 {
        return Ok(float as i64);
    }
    Err(D::Error::invalid_value(Unexpected::Float(float), &"a 64-bit integer"))
}
