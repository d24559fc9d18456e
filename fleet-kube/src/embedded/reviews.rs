//! Reviews and requests that are answered and not stored: who am I, may I, a token please.

use std::sync::Arc;

use serde_json::{Value, json};

use super::answer;
use super::error::{ApiError, ApiResult};
use super::identity::Identity;
use super::registry::Kind;
use super::request::{RequestInfo, ResourceInfo};
use super::service::{Call, Done};

/// POST of a kind that can only be created.
pub(super) fn create(call: &Call<'_>, kind: &Arc<Kind>, namespace: Option<&str>) -> ApiResult<Done> {
    let mut review = call.object()?;
    if !review.is_object() {
        return Err(ApiError::bad_request("the body of the request must be an object"));
    }
    let spec = review["spec"].clone();
    review["status"] = match kind.kind.as_str() {
        "SelfSubjectAccessReview" => access(call, call.identity, &spec, None),
        "SubjectAccessReview" | "LocalSubjectAccessReview" => {
            let groups = spec["groups"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            let identity = Identity {
                user: spec["user"].as_str().unwrap_or_default().to_owned(),
                groups: groups.map(str::to_owned).collect(),
            };
            access(call, &identity, &spec, namespace)
        }
        "SelfSubjectRulesReview" => rules(call, spec["namespace"].as_str()),
        "SelfSubjectReview" => json!({ "userInfo": call.identity.to_value() }),
        "TokenReview" => match call.state.identity_of_token(spec["token"].as_str().unwrap_or_default()) {
            Some(identity) => json!({ "authenticated": true, "user": identity.to_value() }),
            None => json!({ "authenticated": false, "error": "invalid bearer token" }),
        },
        _ => return Err(ApiError::method_not_allowed("create")),
    };
    review["apiVersion"] = json!(kind.api_version());
    review["kind"] = json!(kind.kind);
    if review["metadata"].is_null() {
        review["metadata"] = json!({});
    }
    Ok(Done::read(answer::json_value(201, &review)))
}

fn access(call: &Call<'_>, identity: &Identity, spec: &Value, namespace: Option<&str>) -> Value {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let optional = |value: &Value| value.as_str().filter(|t| !t.is_empty()).map(str::to_owned);
    let (path, verb, resource) = if spec["nonResourceAttributes"].is_object() {
        let asked = &spec["nonResourceAttributes"];
        (text(&asked["path"]), text(&asked["verb"]), None)
    } else {
        let asked = &spec["resourceAttributes"];
        let resource = ResourceInfo {
            group: text(&asked["group"]),
            version: text(&asked["version"]),
            namespace: optional(&asked["namespace"]).or(namespace.map(str::to_owned)),
            resource: text(&asked["resource"]),
            name: optional(&asked["name"]),
            subresource: optional(&asked["subresource"]),
        };
        (String::new(), text(&asked["verb"]), Some(resource))
    };
    let allowed = call
        .state
        .bindings
        .allows(&call.state.store, identity, &RequestInfo { path, verb, resource });
    json!({ "allowed": allowed })
}

fn rules(call: &Call<'_>, namespace: Option<&str>) -> Value {
    let mut rules = call.state.bindings.rules(&call.state.store, call.identity, namespace);
    if call.identity.is_admin() {
        rules.push(json!({ "verbs": ["*"], "apiGroups": ["*"], "resources": ["*"] }));
        rules.push(json!({ "verbs": ["*"], "nonResourceURLs": ["*"] }));
    }
    let (paths, resources): (Vec<Value>, Vec<Value>) = rules.into_iter().partition(|r| r["nonResourceURLs"].is_array());
    json!({ "resourceRules": resources, "nonResourceRules": paths, "incomplete": false })
}

/// `serviceaccounts/NAME/token`.
pub(super) fn token_request(call: &Call<'_>, kind: &Arc<Kind>, resource: &ResourceInfo) -> ApiResult<Done> {
    let namespace = resource.namespace.as_deref().unwrap_or_default();
    let name = resource.name.as_deref().unwrap_or_default();
    let account = call
        .state
        .store
        .get(&kind.table, namespace, name)
        .ok_or_else(|| ApiError::not_found(kind, name))?;
    let mut request = call.object()?;
    if !request.is_object() {
        request = json!({});
    }
    let seconds = request["spec"]["expirationSeconds"]
        .as_i64()
        .unwrap_or(3600)
        .clamp(600, 1 << 32);
    let expires = jiff::Timestamp::now().as_second() + seconds;
    let identity = Identity::service_account(namespace, name);
    let claims = json!({
        "exp": expires,
        "kubernetes.io": { "namespace": namespace, "serviceaccount": { "name": name, "uid": account["metadata"]["uid"] } },
    });
    let token = call.state.new_token(&identity, claims);
    let expires = jiff::Timestamp::from_second(expires).unwrap_or(jiff::Timestamp::MAX);
    request["apiVersion"] = json!("authentication.k8s.io/v1");
    request["kind"] = json!("TokenRequest");
    request["metadata"] = json!({ "name": name, "namespace": namespace });
    request["spec"]["expirationSeconds"] = json!(seconds);
    request["status"] = json!({
        "token": token, "expirationTimestamp": expires.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    });
    Ok(Done::read(answer::json_value(201, &request)))
}
