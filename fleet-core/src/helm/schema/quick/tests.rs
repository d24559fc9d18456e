//! What is let through quickly is what the full validator lets through.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::Quick;

/// What the full validator says.
fn full(schema: &Value, values: &Value) -> Result<(), String> {
    let compiled = super::super::compile_with(schema, &[]).map_err(|error| error.to_string())?;
    let answer = compiled.schemas.validate(values, compiled.index);
    answer.map_err(|error| error.to_string())
}

#[test]
fn common_schemas_are_quick() {
    let schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://example.com/values.schema.json",
        "definitions": {"port": {"type": "integer", "minimum": 1, "maximum": 65535}},
        "type": "object",
        "required": ["image"],
        "properties": {
            "image": {"type": "object", "additionalProperties": false, "properties": {
                "tag": {"type": ["string", "null"], "pattern": "^v?[0-9]+\\.[0-9]+$"}, "pull": {"enum": ["Always", "Never"]},
            }},
            "ports": {"type": "array", "items": {"$ref": "#/definitions/port"}, "uniqueItems": true},
            "extra": {"anyOf": [{"type": "string"}, {"type": "object", "minProperties": 1}]},
        },
    });
    let quick = Quick::new(&schema).expect("the schema is simple");
    for (values, accepted) in [
        (
            json!({"image": {"tag": "v1.2", "pull": "Always"}, "ports": [80, 443], "extra": {"a": 1}}),
            true,
        ),
        (json!({"image": {"tag": null}, "extra": "x", "unknown": 1.5}), true),
        (json!({}), false),
        (json!({"image": {"tag": "latest"}}), false),
        (json!({"image": {"digest": "x"}}), false),
        (json!({"image": {}, "ports": [80, 80]}), false),
        (json!({"image": {}, "ports": [0]}), false),
        (json!({"image": {}, "extra": {}}), false),
    ] {
        assert_eq!(quick.accepts(&values), accepted, "{values}");
        assert_eq!(full(&schema, &values).is_ok(), accepted, "{values}");
    }
}

#[test]
fn what_is_not_known_in_full_is_left() {
    for schema in [
        json!({"$schema": "https://example.com/own-draft"}),
        json!({"properties": {"a": {"dependentRequired": {}}}}),
        json!({"properties": {"a": {"pattern": "\\d"}}}),
        json!({"properties": {"a": {"$ref": "other.json"}}}),
        json!({"properties": {"a": {"type": "text"}}}),
        json!({"definitions": {"unused": {"required": "name"}}}),
        json!({"minimum": 1.5}),
    ] {
        assert!(Quick::new(&schema).is_none(), "{schema}");
    }
    let format = Quick::new(&json!({"properties": {"a": {"format": "ipv4"}}})).expect("known");
    assert!(format.accepts(&json!({"a": 1})) && !format.accepts(&json!({"a": "10.0.0.1"})));
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-3_i64..4).prop_map(Value::from),
        prop_oneof![Just(1.0), Just(1.5), Just(-2.0)].prop_map(Value::from),
        "[ab]{0,3}".prop_map(Value::String),
    ];
    leaf.prop_recursive(3, 24, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::Array),
            btree_map("[ab]{1,2}", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn keyword(schema: BoxedStrategy<Value>) -> impl Strategy<Value = (String, Value)> {
    let names = || {
        prop_oneof![
            Just("array"),
            Just("integer"),
            Just("null"),
            Just("number"),
            Just("object"),
            Just("string")
        ]
    };
    let map = || btree_map("[ab]{1,2}", schema.clone(), 0..3).prop_map(|map| Value::Object(map.into_iter().collect()));
    let list = || vec(schema.clone(), 0..3).prop_map(Value::Array);
    let named = |keywords: &'static [&'static str], value: BoxedStrategy<Value>| {
        (proptest::sample::select(keywords), value).prop_map(|(keyword, value)| (keyword.to_owned(), value))
    };
    prop_oneof![
        named(&["type"], names().prop_map(Value::from).boxed()),
        named(&["type"], vec(names(), 0..3).prop_map(|names| json!(names)).boxed()),
        named(&["enum"], vec(values(), 0..4).prop_map(Value::Array).boxed()),
        named(&["const", "default", "title", "unheard-of"], values().boxed()),
        named(
            &["required"],
            vec("[ab]{1,2}", 0..3).prop_map(|names| json!(names)).boxed()
        ),
        named(
            &["properties", "$defs", "definitions", "patternProperties"],
            map().boxed()
        ),
        named(
            &[
                "additionalProperties",
                "items",
                "not",
                "propertyNames",
                "if",
                "then",
                "else"
            ],
            schema.clone()
        ),
        named(&["allOf", "anyOf", "oneOf"], list().boxed()),
        named(
            &[
                "minLength",
                "maxLength",
                "minItems",
                "maxItems",
                "minProperties",
                "maxProperties"
            ],
            (-1_i64..4).prop_map(Value::from).boxed(),
        ),
        named(
            &["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
            prop_oneof![(-2_i64..3).prop_map(Value::from), any::<bool>().prop_map(Value::Bool)].boxed(),
        ),
        named(&["uniqueItems"], any::<bool>().prop_map(Value::Bool).boxed()),
        named(&["pattern"], "[ab*+^$.]{0,3}".prop_map(Value::String).boxed()),
        named(
            &["$ref"],
            prop_oneof![Just("#"), Just("#/$defs/a"), Just("#/definitions/b")]
                .prop_map(Value::from)
                .boxed()
        ),
    ]
}

fn schemas() -> impl Strategy<Value = Value> {
    const DRAFTS: [&str; 5] = [
        "http://json-schema.org/draft-04/schema#",
        "http://json-schema.org/draft-06/schema#",
        "http://json-schema.org/draft-07/schema",
        "https://json-schema.org/draft/2019-09/schema",
        "https://json-schema.org/draft/2020-12/schema",
    ];
    let leaf = prop_oneof![any::<bool>().prop_map(Value::Bool), Just(json!({}))];
    let inner = leaf.prop_recursive(3, 20, 3, |inner| {
        let inner = inner.boxed();
        vec(keyword(inner), 1..4).prop_map(|keywords| Value::Object(keywords.into_iter().collect()))
    });
    (proptest::option::of(proptest::sample::select(&DRAFTS[..])), inner).prop_map(|(draft, mut schema)| {
        if let (Some(draft), Some(map)) = (draft, schema.as_object_mut()) {
            map.insert("$schema".to_owned(), draft.into());
        }
        schema
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]
    #[test]
    fn yes_is_yes(schema in schemas(), values in vec(values(), 4)) {
        if let Some(quick) = Quick::new(&schema) {
            for values in values.iter().filter(|values| quick.accepts(values)) {
                prop_assert_eq!(full(&schema, values), Ok(()), "{} by {}", values, schema);
            }
        }
    }
}
