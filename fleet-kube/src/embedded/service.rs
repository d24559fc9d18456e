//! The way of a request: read, record, authenticate, authorize, carry out, settle, answer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use http_body::Body;
use http_body_util::{BodyExt, Limited};
use serde_json::Value;

use super::answer::{self, ApiBody, Shape};
use super::discovery;
use super::error::{ApiError, ApiResult};
use super::handlers;
use super::identity::Identity;
use super::openapi;
use super::protobuf;
use super::reactions;
use super::recorder::{Fault, RequestRecord};
use super::registry::table_name;
use super::request::{Options, RequestInfo};
use super::state::State;

/// Largest body (`MaxRequestBodyBytes` of kube-apiserver).
const MAX_BODY: usize = 3 * 1024 * 1024;

/// Who a service's requests come from.
#[derive(Debug, Clone)]
pub(super) enum Caller {
    /// Always this identity (in process).
    Known(Arc<Identity>),
    /// Whoever the bearer token of each request says.
    Token,
}

/// One API server as a [`tower::Service`] of HTTP requests.
#[derive(Clone)]
pub struct ApiService {
    pub(super) state: Arc<State>,
    pub(super) caller: Caller,
    pub(super) user_agent: Option<HeaderValue>,
}

impl std::fmt::Debug for ApiService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ApiService")
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}

impl<B> tower::Service<Request<B>> for ApiService
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<ApiBody>;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            if let Some(agent) = &service.user_agent {
                parts.headers.entry(header::USER_AGENT).or_insert_with(|| agent.clone());
            }
            if matches!(service.caller, Caller::Token) {
                take_token_from_path(&mut parts);
            }
            let body = match Limited::new(body, MAX_BODY).collect().await {
                Ok(body) => body.to_bytes(),
                Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                    let message = format!("Request entity too large: limit is {MAX_BODY}");
                    let error = ApiError::new(413, "RequestEntityTooLarge", message);
                    return Ok(answer::error(&error));
                }
                Err(error) => return Err(std::io::Error::other(error)),
            };
            service.handle(&parts, body).await
        })
    }
}

/// Go clients send no token over plain HTTP, so a kubeconfig carries it in the path of the server's URL: `/as/TOKEN/api/v1/...`.
fn take_token_from_path(parts: &mut http::request::Parts) {
    let Some(rest) = parts.uri.path().strip_prefix("/as/") else {
        return;
    };
    let (token, path) = rest.split_once('/').unwrap_or((rest, ""));
    let query = parts.uri.query().map(|q| format!("?{q}")).unwrap_or_default();
    let authorization = HeaderValue::from_str(&format!("Bearer {token}"));
    if let (Ok(uri), Ok(value)) = (format!("/{path}{query}").parse(), authorization) {
        parts.headers.insert(header::AUTHORIZATION, value);
        parts.uri = uri;
    }
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
}

/// A request on its way, for handlers.
pub(super) struct Call<'a> {
    pub(super) state: &'a State,
    pub(super) identity: &'a Identity,
    pub(super) options: &'a Options,
    pub(super) shape: Shape,
    pub(super) content_type: &'a str,
    pub(super) body: Bytes,
    /// The field manager of writes.
    pub(super) manager: String,
}

impl Call<'_> {
    /// The body as an object.
    pub(super) fn object(&self) -> ApiResult<Value> {
        match self.content_type {
            _ if self.body.is_empty() => Ok(Value::Null),
            "application/vnd.kubernetes.protobuf" => protobuf::decode(&self.body),
            "application/yaml" | "application/apply-patch+yaml" | "text/yaml" if self.body.first() != Some(&b'{') => {
                let text =
                    std::str::from_utf8(&self.body).map_err(|_| ApiError::bad_request("the body is not UTF-8"))?;
                fleet_core::yaml::read(text).map_err(|e| ApiError::bad_request(format!("error decoding YAML: {e}")))
            }
            "application/cbor" => Err(ApiError::new(
                415,
                "UnsupportedMediaType",
                "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf",
            )),
            _ => serde_json::from_slice(&self.body).map_err(|e| {
                ApiError::bad_request(format!("the object provided is unrecognized: error decoding JSON: {e}"))
            }),
        }
    }
}

/// What a handler gives back, for the record.
pub(super) struct Done {
    pub(super) response: Response<ApiBody>,
    pub(super) changed: bool,
    pub(super) warnings: Vec<String>,
}

impl Done {
    pub(super) fn read(response: Response<ApiBody>) -> Done {
        Done {
            response,
            changed: false,
            warnings: Vec::new(),
        }
    }
}

impl ApiService {
    async fn handle(&self, parts: &http::request::Parts, body: Bytes) -> Result<Response<ApiBody>, std::io::Error> {
        let state = &*self.state;
        let mut record = RequestRecord {
            method: parts.method.to_string(),
            path: parts
                .uri
                .path_and_query()
                .map_or_else(|| parts.uri.path().to_owned(), ToString::to_string),
            user_agent: header_text(&parts.headers, "user-agent").to_owned(),
            content_type: header_text(&parts.headers, "content-type").to_owned(),
            unchanged: true,
            ..RequestRecord::default()
        };
        let read = Options::read(parts.uri.query().unwrap_or_default())
            .and_then(|options| Ok((RequestInfo::read(&parts.method, parts.uri.path(), &options)?, options)));
        if let Ok((info, _)) = &read {
            record.verb.clone_from(&info.verb);
            if let Some(r) = &info.resource {
                record.resource = table_name(&r.group, &r.resource);
                record.namespace = r.namespace.clone().unwrap_or_default();
                record.name = r.name.clone().unwrap_or_default();
                record.subresource = r.subresource.clone().unwrap_or_default();
            }
        }
        let identity = self.authenticate(&parts.headers);
        if let Ok(identity) = &identity {
            record.user.clone_from(&identity.user);
        }
        let fault = state.faults.for_request(&record);
        match &fault {
            Some(Fault::Delay(duration)) => tokio::time::sleep(*duration).await,
            Some(Fault::LoseRequest) => {
                state.requests.record(record);
                return Err(std::io::Error::new(
                    std::io::ErrorKind::ConnectionReset,
                    "connection reset by a fault",
                ));
            }
            Some(Fault::Refuse { code, message }) => {
                let reason = match code {
                    429 => "TooManyRequests",
                    503 => "ServiceUnavailable",
                    504 => "Timeout",
                    409 => "Conflict",
                    403 => "Forbidden",
                    _ => "InternalError",
                };
                record.code = *code;
                state.requests.record(record);
                return Ok(answer::error(&ApiError::new(*code, reason, message.clone())));
            }
            _ => {}
        }
        let done = read.and_then(|(info, options)| {
            let identity = identity?;
            if parts.method != Method::HEAD || info.resource.is_some() {
                state.bindings.check(&state.store, &identity, &info)?;
            }
            let agent = record.user_agent.split(['/', ' ']).next().unwrap_or_default();
            let call = Call {
                state,
                identity: &identity,
                shape: Shape::of(&parts.headers),
                content_type: record.content_type.split(';').next().unwrap_or_default().trim(),
                body,
                manager: options.field_manager.clone().unwrap_or_else(|| {
                    if agent.is_empty() {
                        "unknown".into()
                    } else {
                        agent.into()
                    }
                }),
                options: &options,
            };
            dispatch(&call, &parts.method, &info)
        });
        let mut response = match done {
            Ok(done) => {
                record.unchanged = !done.changed;
                if done.changed {
                    reactions::settle(state);
                }
                let mut response = done.response;
                for warning in &done.warnings {
                    let text = format!("299 - {:?}", warning);
                    if let Ok(value) = HeaderValue::from_str(&text) {
                        response.headers_mut().append(header::WARNING, value);
                    }
                }
                response
            }
            Err(error) => answer::error(&error),
        };
        if parts.method == Method::HEAD {
            *response.body_mut() = ApiBody::whole(Bytes::new());
        }
        record.code = response.status().as_u16();
        if fault == Some(Fault::LoseAnswer) {
            record.code = 0;
            state.requests.record(record);
            return Err(std::io::Error::new(
                std::io::ErrorKind::ConnectionReset,
                "answer lost by a fault",
            ));
        }
        state.requests.record(record);
        Ok(response)
    }

    /// Who sends this, after impersonation.
    fn authenticate(&self, headers: &HeaderMap) -> ApiResult<Identity> {
        let identity = match &self.caller {
            Caller::Known(identity) => (**identity).clone(),
            Caller::Token => {
                let authorization = header_text(headers, "authorization");
                match authorization.split_once(' ') {
                    Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => self
                        .state
                        .identity_of_token(token.trim())
                        .ok_or_else(|| ApiError::new(401, "Unauthorized", "Unauthorized"))?,
                    Some(_) => return Err(ApiError::new(401, "Unauthorized", "Unauthorized")),
                    None => Identity::anonymous(),
                }
            }
        };
        let user = header_text(headers, "impersonate-user");
        let groups: Vec<String> = headers
            .get_all("impersonate-group")
            .iter()
            .filter_map(|v| v.to_str().ok())
            .map(str::to_owned)
            .collect();
        if user.is_empty() {
            if groups.is_empty() {
                return Ok(identity);
            }
            return Err(ApiError::bad_request(
                "requested impersonation of groups without impersonating a user",
            ));
        }
        self.may_impersonate(&identity, user, &groups)?;
        let mut other = match user
            .strip_prefix("system:serviceaccount:")
            .and_then(|s| s.split_once(':'))
        {
            Some((namespace, name)) if groups.is_empty() => Identity::service_account(namespace, name),
            _ => Identity {
                user: user.to_owned(),
                groups,
            },
        };
        let known = if user == "system:anonymous" {
            "system:unauthenticated"
        } else {
            "system:authenticated"
        };
        if !other.groups.iter().any(|g| g == known) {
            other.groups.push(known.to_owned());
        }
        Ok(other)
    }

    fn may_impersonate(&self, identity: &Identity, user: &str, groups: &[String]) -> ApiResult<()> {
        let account = user
            .strip_prefix("system:serviceaccount:")
            .and_then(|s| s.split_once(':'));
        let subject = match account {
            Some((namespace, name)) => ("serviceaccounts", name, Some(namespace.to_owned())),
            None => ("users", user, None),
        };
        let groups = groups.iter().map(|g| ("groups", g.as_str(), None));
        for (resource, name, namespace) in std::iter::once(subject).chain(groups) {
            let info = RequestInfo {
                path: String::new(),
                verb: "impersonate".into(),
                resource: Some(super::request::ResourceInfo {
                    version: "v1".into(),
                    namespace,
                    resource: resource.into(),
                    name: Some(name.to_owned()),
                    ..Default::default()
                }),
            };
            self.state.bindings.check(&self.state.store, identity, &info)?;
        }
        Ok(())
    }
}

fn dispatch(call: &Call<'_>, method: &Method, info: &RequestInfo) -> ApiResult<Done> {
    let Some(resource) = &info.resource else {
        if method != Method::GET && method != Method::HEAD {
            return Err(ApiError::method_not_allowed(method.as_str()));
        }
        return paths(call, &info.path).map(Done::read);
    };
    let registry = call.state.registry();
    let kind = registry
        .resource(&resource.group, &resource.version, &resource.resource)
        .ok_or_else(ApiError::no_route)?
        .clone();
    handlers::resource(call, &kind, &info.verb, resource)
}

/// Paths that are not about a resource.
fn paths(call: &Call<'_>, path: &str) -> ApiResult<Response<ApiBody>> {
    let registry = call.state.registry();
    let parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
    let found = match parts[..] {
        ["api" | "apis"] if call.shape == Shape::Discovery => {
            let mut response = answer::json_value(200, &discovery::aggregated(&registry, parts[0] == "api"));
            let content_type = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
            response
                .headers_mut()
                .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
            response
                .headers_mut()
                .insert(header::VARY, HeaderValue::from_static("Accept"));
            return Ok(response);
        }
        ["api"] => Some(discovery::core_versions()),
        ["apis"] => Some(discovery::groups(&registry)),
        ["api", version] => discovery::resources(&registry, "", version),
        ["apis", group] => discovery::group(&registry, group),
        ["apis", group, version] => discovery::resources(&registry, group, version),
        ["version"] => Some(discovery::version(&call.state.config.version)),
        ["healthz" | "livez" | "readyz", ..] => return Ok(answer::text("ok")),
        ["openapi", "v3"] => Some(openapi::index(&registry)),
        ["openapi", "v3", "api", version] => openapi::document(&registry, "", version),
        ["openapi", "v3", "apis", group, version] => openapi::document(&registry, group, version),
        [] => Some(serde_json::json!({ "paths": ["/api", "/apis", "/healthz", "/openapi/v3", "/version"] })),
        _ => None,
    };
    found
        .map(|value| answer::json_value(200, &value))
        .ok_or_else(ApiError::no_route)
}
