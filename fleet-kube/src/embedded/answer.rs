//! Answers: bodies, content negotiation, and the shapes in which an object can be asked for.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::Stream;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use serde_json::{Value, json};

use super::error::ApiError;
use super::registry::Kind;
use super::table;

/// The body of an answer: all at once, or as it happens (a watch).
pub struct ApiBody(Inner);

enum Inner {
    Whole(Option<Bytes>),
    Stream(Pin<Box<dyn Stream<Item = Bytes> + Send>>),
}

impl std::fmt::Debug for ApiBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Inner::Whole(_) => "ApiBody(whole)",
            Inner::Stream(_) => "ApiBody(stream)",
        })
    }
}

impl ApiBody {
    pub(super) fn whole(bytes: impl Into<Bytes>) -> Self {
        ApiBody(Inner::Whole(Some(bytes.into())))
    }

    pub(super) fn stream(stream: impl Stream<Item = Bytes> + Send + 'static) -> Self {
        ApiBody(Inner::Stream(Box::pin(stream)))
    }
}

impl Body for ApiBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.get_mut().0 {
            Inner::Whole(bytes) => Poll::Ready(bytes.take().map(|b| Ok(Frame::data(b)))),
            Inner::Stream(stream) => stream
                .as_mut()
                .poll_next(cx)
                .map(|item| item.map(|b| Ok(Frame::data(b)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, Inner::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Inner::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64)),
            Inner::Stream(_) => SizeHint::default(),
        }
    }
}

/// The shape that `Accept` asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Shape {
    Object,
    /// `as=PartialObjectMetadata` or `as=PartialObjectMetadataList`.
    Metadata,
    /// `as=Table`.
    Table,
    /// Aggregated discovery (`as=APIGroupDiscoveryList`).
    Discovery,
}

impl Shape {
    /// The first clause of `Accept` that can be served.
    pub(super) fn of(headers: &HeaderMap) -> Shape {
        let clauses = headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|v| v.to_str().ok())
            .flat_map(|v| v.split(','));
        for clause in clauses {
            let parameter = |name: &str| {
                clause
                    .split(';')
                    .skip(1)
                    .find_map(|p| p.trim().strip_prefix(name)?.strip_prefix('='))
                    .map(str::trim)
            };
            let shape = match parameter("as") {
                None => Shape::Object,
                Some("Table") => Shape::Table,
                Some("PartialObjectMetadata" | "PartialObjectMetadataList") => Shape::Metadata,
                Some("APIGroupDiscoveryList") if parameter("v") == Some("v2") => Shape::Discovery,
                Some(_) => continue,
            };
            return shape;
        }
        Shape::Object
    }
}

/// An object under the API version that was asked for: versions of one resource share their stored form.
pub(super) fn in_version(kind: &Kind, object: &Arc<Value>) -> Arc<Value> {
    let api_version = kind.api_version();
    if object["apiVersion"].as_str() == Some(&*api_version) {
        return object.clone();
    }
    let mut copy = Value::clone(object);
    copy["apiVersion"] = Value::String(api_version);
    Arc::new(copy)
}

/// `object` in `shape`.
pub(super) fn shaped(kind: &Kind, object: &Arc<Value>, shape: Shape, include: Option<&str>) -> Arc<Value> {
    let object = in_version(kind, object);
    match shape {
        Shape::Metadata => Arc::new(partial(&object)),
        Shape::Table => {
            let mut list = table::of(kind, std::slice::from_ref(&object), include, true);
            list["metadata"] = json!({ "resourceVersion": object["metadata"]["resourceVersion"] });
            Arc::new(list)
        }
        Shape::Object | Shape::Discovery => object,
    }
}

/// `PartialObjectMetadata` of an object.
pub(super) fn partial(object: &Value) -> Value {
    json!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"] })
}

/// What a list carries beside its items.
#[derive(Debug, Default)]
pub(super) struct ListMeta {
    pub(super) revision: u64,
    pub(super) continue_token: Option<String>,
    pub(super) remaining: Option<usize>,
}

impl ListMeta {
    fn to_value(&self) -> Value {
        let mut meta = json!({ "resourceVersion": self.revision.to_string() });
        if let Some(token) = &self.continue_token {
            meta["continue"] = json!(token);
        }
        if let Some(remaining) = self.remaining {
            meta["remainingItemCount"] = json!(remaining);
        }
        meta
    }
}

/// A list in `shape`, written item by item: nothing is copied but the bytes.
pub(super) fn list(kind: &Kind, items: &[Arc<Value>], meta: &ListMeta, shape: Shape, include: Option<&str>) -> Vec<u8> {
    if shape == Shape::Table {
        let items: Vec<_> = items.iter().map(|o| in_version(kind, o)).collect();
        let mut table = table::of(kind, &items, include, true);
        table["metadata"] = meta.to_value();
        return to_bytes(&table);
    }
    let (list_kind, api_version) = match shape {
        Shape::Metadata => ("PartialObjectMetadataList", "meta.k8s.io/v1".to_owned()),
        _ => (kind.list_kind.as_str(), kind.api_version()),
    };
    let mut out = Vec::with_capacity(256 + 512 * items.len());
    out.extend_from_slice(b"{\"kind\":");
    out.extend_from_slice(&to_bytes(&json!(list_kind)));
    out.extend_from_slice(b",\"apiVersion\":");
    out.extend_from_slice(&to_bytes(&json!(api_version)));
    out.extend_from_slice(b",\"metadata\":");
    out.extend_from_slice(&to_bytes(&meta.to_value()));
    out.extend_from_slice(b",\"items\":[");
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(&to_bytes(&shaped(kind, item, shape, include)));
    }
    out.extend_from_slice(b"]}\n");
    out
}

/// JSON text. A `Value` always has one.
pub(super) fn to_bytes(value: &Value) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

/// An answer of JSON text.
pub(super) fn json_bytes(code: u16, bytes: Vec<u8>) -> Response<ApiBody> {
    let mut response = Response::new(ApiBody::whole(bytes));
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

/// An answer of one JSON value.
pub(super) fn json_value(code: u16, value: &Value) -> Response<ApiBody> {
    let mut bytes = to_bytes(value);
    bytes.push(b'\n');
    json_bytes(code, bytes)
}

/// Plain text (`/healthz`).
pub(super) fn text(body: &'static str) -> Response<ApiBody> {
    let mut response = Response::new(ApiBody::whole(Bytes::from_static(body.as_bytes())));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

/// An error as a `Status`.
pub(super) fn error(error: &ApiError) -> Response<ApiBody> {
    let mut response = json_value(error.code, &error.to_status());
    if error.code == 429 {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}
