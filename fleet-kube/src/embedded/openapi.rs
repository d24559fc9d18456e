//! OpenAPI v3: what clients read to validate, to merge and to know whether a server validates fields itself.
//!
//! Built from the type table and the schemas of CustomResourceDefinitions; without descriptions. Paths hold only the PATCH
//! operations, in whose parameters kubectl looks for `fieldValidation` and `dryRun`.

use serde_json::{Map, Value, json};

use super::registry::{Kind, KindSchema, Registry};
use super::types::{Field, ListKind, StructId, Type, types};

/// `/openapi/v3`.
pub(super) fn index(registry: &Registry) -> Value {
    let mut paths = Map::new();
    for (group, versions) in &registry.groups {
        for (version, _) in versions {
            let path = if group.is_empty() {
                format!("api/{version}")
            } else {
                format!("apis/{group}/{version}")
            };
            paths.insert(
                path.clone(),
                json!({ "serverRelativeURL": format!("/openapi/v3/{path}") }),
            );
        }
    }
    json!({ "paths": paths })
}

/// The document of one group version.
pub(super) fn document(registry: &Registry, group: &str, version: &str) -> Option<Value> {
    let kinds = registry.version(group, version)?;
    let mut schemas = Map::new();
    let mut paths = Map::new();
    for kind in kinds.values() {
        let gvk = json!([{ "group": kind.group, "version": kind.version, "kind": kind.kind }]);
        match &kind.schema {
            KindSchema::Builtin(id) => {
                add_struct(*id, &mut schemas);
                if let Some(schema) = schemas.get_mut(&full_name(&types().get(*id).name)) {
                    schema["x-kubernetes-group-version-kind"] = gvk.clone();
                }
            }
            KindSchema::Custom(custom) => {
                let mut schema = custom.schema.clone().unwrap_or_else(|| json!({ "type": "object" }));
                if let Some(id) = types().named("meta.v1.ObjectMeta") {
                    add_struct(id, &mut schemas);
                    schema["properties"]["metadata"] = reference(id);
                }
                schema["properties"]["apiVersion"] = json!({ "type": "string" });
                schema["properties"]["kind"] = json!({ "type": "string" });
                schema["x-kubernetes-group-version-kind"] = gvk.clone();
                schemas.insert(
                    format!("{}.{}.{}", reversed(&kind.group), kind.version, kind.kind),
                    schema,
                );
            }
            KindSchema::Unknown => {}
        }
        if kind.has_verb("patch") {
            paths.insert(path(kind), operation(kind));
        }
    }
    Some(json!({
        "openapi": "3.0.0", "info": { "title": "Kubernetes", "version": "unversioned" },
        "paths": paths, "components": { "schemas": schemas },
    }))
}

fn path(kind: &Kind) -> String {
    let root = if kind.group.is_empty() {
        "/api".to_owned()
    } else {
        format!("/apis/{}", kind.group)
    };
    let namespace = if kind.namespaced { "/namespaces/{namespace}" } else { "" };
    format!("{root}/{}{namespace}/{}/{{name}}", kind.version, kind.resource)
}

fn operation(kind: &Kind) -> Value {
    let parameter = |name: &str, ty: &str| json!({ "name": name, "in": "query", "schema": { "type": ty } });
    json!({ "patch": {
        "operationId": format!("patch{}", kind.kind),
        "parameters": [
            parameter("dryRun", "string"), parameter("fieldManager", "string"), parameter("fieldValidation", "string"),
            parameter("force", "boolean"),
        ],
        "responses": { "200": { "description": "OK" } },
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": { "group": kind.group, "version": kind.version, "kind": kind.kind },
    } })
}

fn reversed(group: &str) -> String {
    group.split('.').rev().collect::<Vec<_>>().join(".")
}

/// `io.k8s.api.apps.v1.Deployment` for `apps.v1.Deployment`.
fn full_name(name: &str) -> String {
    for (short, full) in [
        ("meta.", "io.k8s.apimachinery.pkg.apis.meta."),
        (
            "apiextensions.",
            "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.",
        ),
        ("apiregistration.", "io.k8s.kube-aggregator.pkg.apis.apiregistration."),
    ] {
        if let Some(rest) = name.strip_prefix(short) {
            return format!("{full}{rest}");
        }
    }
    format!("io.k8s.api.{name}")
}

fn reference(id: StructId) -> Value {
    json!({ "allOf": [{ "$ref": format!("#/components/schemas/{}", full_name(&types().get(id).name)) }], "default": {} })
}

fn add_struct(id: StructId, schemas: &mut Map<String, Value>) {
    let mut pending = vec![id];
    while let Some(id) = pending.pop() {
        let structure = types().get(id);
        let name = full_name(&structure.name);
        if schemas.contains_key(&name) {
            continue;
        }
        let (mut properties, mut required) = (Map::new(), Vec::new());
        collect_fields(id, &mut properties, &mut required, &mut pending);
        let mut schema = json!({ "type": "object", "properties": properties });
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        if structure.atomic {
            schema["x-kubernetes-map-type"] = json!("atomic");
        }
        schemas.insert(name, schema);
    }
}

fn collect_fields(
    id: StructId,
    properties: &mut Map<String, Value>,
    required: &mut Vec<String>,
    pending: &mut Vec<StructId>,
) {
    for field in &types().get(id).fields {
        if let (true, Type::Struct(inner)) = (field.embedded, &field.ty) {
            collect_fields(*inner, properties, required, pending);
            continue;
        }
        if field.required {
            required.push(field.name.clone());
        }
        properties.insert(field.name.clone(), field_schema(field, pending));
    }
}

fn field_schema(field: &Field, pending: &mut Vec<StructId>) -> Value {
    let mut schema = of_type(&field.ty, pending);
    match &field.list {
        ListKind::Set => schema["x-kubernetes-list-type"] = json!("set"),
        ListKind::Map(keys) => {
            schema["x-kubernetes-list-type"] = json!("map");
            schema["x-kubernetes-list-map-keys"] = json!(keys);
        }
        ListKind::Atomic if matches!(field.ty, Type::List(_)) => schema["x-kubernetes-list-type"] = json!("atomic"),
        ListKind::Atomic => {}
    }
    if field.atomic {
        schema["x-kubernetes-map-type"] = json!("atomic");
    }
    if let Some(key) = &field.merge_key {
        schema["x-kubernetes-patch-merge-key"] = json!(key);
    }
    if let Some(strategy) = &field.patch_strategy {
        schema["x-kubernetes-patch-strategy"] = json!(strategy);
    }
    schema
}

fn of_type(ty: &Type, pending: &mut Vec<StructId>) -> Value {
    match ty {
        Type::String | Type::Duration => json!({ "type": "string" }),
        Type::Bytes => json!({ "type": "string", "format": "byte" }),
        Type::Integer { long } => json!({ "type": "integer", "format": if *long { "int64" } else { "int32" } }),
        Type::Boolean => json!({ "type": "boolean" }),
        Type::Float => json!({ "type": "number", "format": "double" }),
        Type::Time | Type::MicroTime => json!({ "type": "string", "format": "date-time" }),
        Type::Quantity => json!({ "oneOf": [{ "type": "string" }, { "type": "number" }] }),
        Type::IntOrString => {
            json!({ "oneOf": [{ "type": "integer" }, { "type": "string" }], "format": "int-or-string" })
        }
        Type::Raw => json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true }),
        Type::Struct(id) => {
            pending.push(*id);
            reference(*id)
        }
        Type::List(item) | Type::Wrapped(item) => json!({ "type": "array", "items": of_type(item, pending) }),
        Type::Map(item) => json!({ "type": "object", "additionalProperties": of_type(item, pending) }),
    }
}
