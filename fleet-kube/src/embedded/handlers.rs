//! What is done for each verb on a resource.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderValue, header};
use serde_json::{Value, json};

use super::answer::{self, ApiBody, ListMeta, Shape};
use super::error::{ApiError, ApiResult};
use super::objects::{Deletion, Writer, Written, scale_of};
use super::patch::Patch;
use super::registry::Kind;
use super::request::ResourceInfo;
use super::reviews;
use super::selector::{FieldSelector, LabelSelector};
use super::service::{Call, Done};
use super::watch;

/// Carries out a request on a resource.
pub(super) fn resource(call: &Call<'_>, kind: &Arc<Kind>, verb: &str, resource: &ResourceInfo) -> ApiResult<Done> {
    if let Some(subresource) = resource.subresource.as_deref() {
        return self::subresource(call, kind, verb, resource, subresource);
    }
    if !kind.has_verb(verb) {
        return Err(ApiError::method_not_allowed(verb));
    }
    if kind.verbs == ["create"] {
        return reviews::create(call, kind, resource.namespace.as_deref());
    }
    // An object of a namespaced kind is written below its namespace.
    let scoped = resource.namespace.is_some() && kind.namespaced;
    if matches!(verb, "create" | "get" | "update" | "patch" | "delete") && kind.namespaced && !scoped {
        return Err(if verb == "create" {
            ApiError::method_not_allowed(verb)
        } else {
            ApiError::no_route()
        });
    }
    if !kind.namespaced && resource.namespace.is_some() && kind.resource != "namespaces" {
        return Err(ApiError::no_route());
    }
    let name = resource.name.as_deref().unwrap_or_default();
    match verb {
        "get" => get(call, kind, resource),
        "list" => list(call, kind, resource),
        "watch" => watch_objects(call, kind, resource),
        "create" => {
            let mut writer = writer(call, kind, resource);
            let written = writer.create(call.object()?)?;
            Ok(wrote(call, kind, written, writer.warnings))
        }
        "update" => {
            let mut writer = writer(call, kind, resource);
            let written = writer.update(name, call.object()?)?;
            Ok(wrote(call, kind, written, writer.warnings))
        }
        "patch" => patch(call, kind, resource, name),
        "delete" => delete(call, kind, resource, name),
        "deletecollection" => delete_collection(call, kind, resource),
        _ => Err(ApiError::method_not_allowed(verb)),
    }
}

fn writer<'a>(call: &'a Call<'_>, kind: &'a Arc<Kind>, resource: &'a ResourceInfo) -> Writer<'a> {
    Writer {
        state: call.state,
        kind,
        namespace: resource.namespace.as_deref().filter(|_| kind.namespaced),
        subresource: resource.subresource.as_deref(),
        options: call.options,
        manager: &call.manager,
        warnings: Vec::new(),
    }
}

fn wrote(call: &Call<'_>, kind: &Kind, written: Written, warnings: Vec<String>) -> Done {
    let object = answer::shaped(
        kind,
        &written.object,
        call.shape,
        call.options.include_object.as_deref(),
    );
    let code = if written.created { 201 } else { 200 };
    Done {
        response: answer::json_value(code, &object),
        changed: written.changed,
        warnings,
    }
}

fn namespace<'a>(kind: &Kind, resource: &'a ResourceInfo) -> Option<&'a str> {
    resource.namespace.as_deref().filter(|_| kind.namespaced)
}

fn load(call: &Call<'_>, kind: &Kind, resource: &ResourceInfo) -> ApiResult<Arc<Value>> {
    let name = resource.name.as_deref().unwrap_or_default();
    let found = call
        .state
        .store
        .get(&kind.table, namespace(kind, resource).unwrap_or_default(), name);
    found.ok_or_else(|| ApiError::not_found(kind, name))
}

fn get(call: &Call<'_>, kind: &Kind, resource: &ResourceInfo) -> ApiResult<Done> {
    if let Some(version) = call
        .options
        .resource_version
        .as_deref()
        .and_then(|v| v.parse::<u64>().ok())
    {
        not_from_the_future(call, version)?;
    }
    let object = load(call, kind, resource)?;
    let object = answer::shaped(kind, &object, call.shape, call.options.include_object.as_deref());
    Ok(Done::read(answer::json_value(200, &object)))
}

fn not_from_the_future(call: &Call<'_>, version: u64) -> ApiResult<()> {
    let current = call.state.store.revision();
    if version <= current {
        return Ok(());
    }
    let mut error = ApiError::new(
        504,
        "Timeout",
        format!("Too large resource version: {version}, current: {current}"),
    );
    error.details = Some(json!({
        "retryAfterSeconds": 1,
        "causes": [{ "reason": "ResourceVersionTooLarge", "message": "Too large resource version" }],
    }));
    Err(error)
}

/// `continue` of a list: the revision that all pages show, and how many objects were shown.
fn read_token(token: &str) -> Option<(u64, usize)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let (revision, offset) = text.split_once(':')?;
    Some((revision.parse().ok()?, offset.parse().ok()?))
}

fn list(call: &Call<'_>, kind: &Kind, resource: &ResourceInfo) -> ApiResult<Done> {
    let options = call.options;
    let labels = LabelSelector::parse(&options.label_selector)?;
    let fields = FieldSelector::parse(&options.field_selector, kind)?;
    let namespace = namespace(kind, resource);
    let table = &kind.table;
    let exact = options.resource_version_match.as_deref() == Some("Exact");
    let wanted = options.resource_version.as_deref().map(|v| {
        v.parse::<u64>()
            .map_err(|_| ApiError::new(422, "Invalid", format!("invalid resource version {v:?}")))
    });
    let wanted = wanted.transpose()?;
    if options.resource_version_match.is_some() && wanted.is_none() && options.continue_token.is_none() {
        let message = "resourceVersionMatch is forbidden unless resourceVersion is provided";
        return Err(ApiError::new(422, "Invalid", message));
    }
    if let Some(version) = wanted {
        not_from_the_future(call, version)?;
    }
    let (mut objects, revision, offset) = match options.continue_token.as_deref() {
        Some(token) => {
            let (revision, offset) =
                read_token(token).ok_or_else(|| ApiError::bad_request("continue key is not valid"))?;
            (call.state.store.list_at(table, namespace, revision)?, revision, offset)
        }
        None => match (exact, wanted) {
            (true, Some(revision)) => (call.state.store.list_at(table, namespace, revision)?, revision, 0),
            _ => match (fields.name(), namespace) {
                // A name in a field selector is a look-up, as in Kubernetes.
                (Some(name), Some(namespace)) => {
                    let revision = call.state.store.revision();
                    (
                        call.state.store.get(table, namespace, name).into_iter().collect(),
                        revision,
                        0,
                    )
                }
                (Some(name), None) if !kind.namespaced => {
                    let revision = call.state.store.revision();
                    (call.state.store.get(table, "", name).into_iter().collect(), revision, 0)
                }
                _ => {
                    let (objects, revision) = call.state.store.list(table, namespace);
                    (objects, revision, 0)
                }
            },
        },
    };
    let selected = !labels.is_empty() || !fields.is_empty();
    if selected {
        objects.retain(|o| labels.matches(o) && fields.matches(o));
    }
    let mut meta = ListMeta {
        revision,
        ..ListMeta::default()
    };
    let total = objects.len();
    let first = offset.min(total);
    let end = options
        .limit
        .map_or(total, |limit| first.saturating_add(limit).min(total));
    if end < total {
        meta.continue_token = Some(URL_SAFE_NO_PAD.encode(format!("{revision}:{end}")));
        meta.remaining = (!selected).then_some(total - end);
    }
    let bytes = answer::list(
        kind,
        &objects[first..end],
        &meta,
        call.shape,
        options.include_object.as_deref(),
    );
    Ok(Done::read(answer::json_bytes(200, bytes)))
}

fn watch_objects(call: &Call<'_>, kind: &Arc<Kind>, resource: &ResourceInfo) -> ApiResult<Done> {
    let (store, pace) = (&call.state.store, call.state.config.pace);
    let name = resource.name.as_deref();
    let stream = watch::start(
        store,
        kind,
        namespace(kind, resource),
        name,
        call.options,
        call.shape,
        pace,
    )?;
    let mut response = http::Response::new(ApiBody::stream(stream));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(Done::read(response))
}

fn patch(call: &Call<'_>, kind: &Arc<Kind>, resource: &ResourceInfo, name: &str) -> ApiResult<Done> {
    let patch = Patch::read(call.content_type, call.object()?)?;
    let mut writer = writer(call, kind, resource);
    let written = match patch {
        Patch::Apply(config) => writer.apply(name, config)?,
        other => writer.patch(name, &other)?,
    };
    Ok(wrote(call, kind, written, writer.warnings))
}

fn delete(call: &Call<'_>, kind: &Arc<Kind>, resource: &ResourceInfo, name: &str) -> ApiResult<Done> {
    let deletion = Deletion::read(call.options, &call.object()?)?;
    let (object, gone) = writer(call, kind, resource).delete(name, &deletion)?;
    let value = if gone {
        let mut details = json!({ "name": name, "kind": kind.resource, "uid": object["metadata"]["uid"] });
        if !kind.group.is_empty() {
            details["group"] = json!(kind.group);
        }
        json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details })
    } else {
        Value::clone(&answer::in_version(kind, &object))
    };
    Ok(Done {
        response: answer::json_value(200, &value),
        changed: !deletion.dry_run,
        warnings: Vec::new(),
    })
}

fn delete_collection(call: &Call<'_>, kind: &Arc<Kind>, resource: &ResourceInfo) -> ApiResult<Done> {
    let labels = LabelSelector::parse(&call.options.label_selector)?;
    let fields = FieldSelector::parse(&call.options.field_selector, kind)?;
    let deletion = Deletion::read(call.options, &call.object()?)?;
    let (objects, revision) = call.state.store.list(&kind.table, namespace(kind, resource));
    let mut deleted = Vec::new();
    for object in objects.into_iter().filter(|o| labels.matches(o) && fields.matches(o)) {
        let metadata = &object["metadata"];
        let own = ResourceInfo {
            namespace: metadata["namespace"].as_str().map(str::to_owned),
            ..resource.clone()
        };
        let mut writer = writer(call, kind, &own);
        match writer.delete(metadata["name"].as_str().unwrap_or_default(), &deletion) {
            Ok((object, _)) => deleted.push(object),
            Err(error) if error.code == 404 => {}
            Err(error) => return Err(error),
        }
    }
    let meta = ListMeta {
        revision,
        ..ListMeta::default()
    };
    let bytes = answer::list(kind, &deleted, &meta, Shape::Object, None);
    Ok(Done {
        response: answer::json_bytes(200, bytes),
        changed: !deletion.dry_run,
        warnings: Vec::new(),
    })
}

fn subresource(
    call: &Call<'_>,
    kind: &Arc<Kind>,
    verb: &str,
    resource: &ResourceInfo,
    subresource: &str,
) -> ApiResult<Done> {
    let known = kind
        .subresources
        .iter()
        .find(|s| s.name == subresource)
        .ok_or_else(ApiError::no_route)?;
    if !known.verbs.iter().any(|v| v == verb) {
        return Err(ApiError::method_not_allowed(verb));
    }
    if kind.namespaced && resource.namespace.is_none() {
        return Err(ApiError::no_route());
    }
    let name = resource.name.as_deref().unwrap_or_default();
    match (subresource, verb) {
        ("status" | "finalize" | "approval" | "ephemeralcontainers" | "resize", "get") => {
            let object = load(call, kind, resource)?;
            Ok(Done::read(answer::json_value(200, &answer::in_version(kind, &object))))
        }
        ("status" | "finalize" | "approval" | "ephemeralcontainers" | "resize", "update") => {
            let mut writer = writer(call, kind, resource);
            let written = writer.update(name, call.object()?)?;
            Ok(wrote(call, kind, written, writer.warnings))
        }
        ("status" | "finalize" | "approval" | "ephemeralcontainers" | "resize", "patch") => {
            patch(call, kind, resource, name)
        }
        ("scale", _) => scale(call, kind, verb, resource, name),
        ("token", "create") => reviews::token_request(call, kind, resource),
        ("eviction", "create") => {
            load(call, kind, resource)?;
            let main = ResourceInfo {
                subresource: None,
                ..resource.clone()
            };
            writer(call, kind, &main).delete(name, &Deletion::default())?;
            let status =
                json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201 });
            Ok(Done {
                response: answer::json_value(201, &status),
                changed: true,
                warnings: Vec::new(),
            })
        }
        ("binding", "create") => {
            let node = call.object()?["target"]["name"].clone();
            let main = ResourceInfo {
                subresource: None,
                ..resource.clone()
            };
            let patch = Patch::Merge(json!({ "spec": { "nodeName": node } }));
            writer(call, kind, &main).patch(name, &patch)?;
            let status =
                json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201 });
            Ok(Done {
                response: answer::json_value(201, &status),
                changed: true,
                warnings: Vec::new(),
            })
        }
        ("log", "get") => {
            load(call, kind, resource)?;
            Ok(Done::read(answer::text("")))
        }
        _ => Err(ApiError::new(
            501,
            "NotImplemented",
            format!(
                "{}/{subresource} needs a kubelet, which this server does not have",
                kind.resource
            ),
        )),
    }
}

fn scale(call: &Call<'_>, kind: &Arc<Kind>, verb: &str, resource: &ResourceInfo, name: &str) -> ApiResult<Done> {
    if verb == "get" {
        let object = load(call, kind, resource)?;
        return Ok(Done::read(answer::json_value(200, &scale_of(kind, &object)?)));
    }
    let mut writer = writer(call, kind, resource);
    let written = if verb == "patch" {
        match Patch::read(call.content_type, call.object()?)? {
            // Nothing of a scale is a list: both patches and an apply merge alike.
            Patch::Strategic(body) | Patch::Apply(body) => writer.patch(name, &Patch::Merge(body))?,
            other => writer.patch(name, &other)?,
        }
    } else {
        writer.update(name, call.object()?)?
    };
    let value = scale_of(kind, &written.object)?;
    Ok(Done {
        response: answer::json_value(200, &value),
        changed: written.changed,
        warnings: writer.warnings,
    })
}
