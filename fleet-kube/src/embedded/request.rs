//! What a request asks for: the path, the verb and the options, as `k8s.io/apiserver/pkg/endpoints/request` reads them.

use http::Method;

use super::error::{ApiError, ApiResult};

/// A request, read.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct RequestInfo {
    pub(super) path: String,
    pub(super) verb: String,
    /// `None`: not about a resource (`/version`, `/api`).
    pub(super) resource: Option<ResourceInfo>,
}

/// The resource part of a path.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ResourceInfo {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) namespace: Option<String>,
    pub(super) resource: String,
    pub(super) name: Option<String>,
    pub(super) subresource: Option<String>,
}

impl RequestInfo {
    pub(super) fn read(method: &Method, path: &str, options: &Options) -> ApiResult<Self> {
        let parts: Vec<String> = path
            .split('/')
            .filter(|p| !p.is_empty())
            .map(|p| percent_decode(p, false))
            .collect::<Option<_>>()
            .ok_or_else(|| ApiError::bad_request("malformed percent-encoding in the path"))?;
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (group, version, rest) = match parts[..] {
            ["api", version, ref rest @ ..] if !rest.is_empty() => ("", version, rest),
            ["apis", group, version, ref rest @ ..] if !rest.is_empty() => (group, version, rest),
            _ => {
                let verb = method.as_str().to_lowercase();
                return Ok(RequestInfo {
                    path: path.to_owned(),
                    verb,
                    resource: None,
                });
            }
        };
        let (namespace, rest) = match *rest {
            ["namespaces", namespace, ref inner @ ..]
                if !inner.is_empty() && !["status", "finalize"].contains(&inner[0]) =>
            {
                (Some(namespace), inner)
            }
            _ => (None, rest),
        };
        let name = rest.get(1).map(|s| (*s).to_owned());
        // As upstream: for the namespace itself, its name is the namespace of the request (RBAC reads it).
        let own = (rest[0] == "namespaces" && group.is_empty())
            .then(|| name.clone())
            .flatten();
        let resource = ResourceInfo {
            group: group.to_owned(),
            version: version.to_owned(),
            namespace: namespace.map(str::to_owned).or(own),
            resource: rest[0].to_owned(),
            subresource: rest.get(2).map(|_| rest[2..].join("/")),
            name,
        };
        let verb = match *method {
            Method::POST => "create",
            Method::PUT => "update",
            Method::PATCH => "patch",
            Method::DELETE if resource.name.is_some() => "delete",
            Method::DELETE => "deletecollection",
            Method::GET | Method::HEAD if resource.name.is_some() && !options.watch => "get",
            Method::GET | Method::HEAD if options.watch => "watch",
            Method::GET | Method::HEAD => "list",
            _ => return Err(ApiError::method_not_allowed(method.as_str())),
        };
        Ok(RequestInfo {
            path: path.to_owned(),
            verb: verb.to_owned(),
            resource: Some(resource),
        })
    }
}

/// The options of a query string.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Options {
    pub(super) label_selector: String,
    pub(super) field_selector: String,
    pub(super) limit: Option<usize>,
    pub(super) continue_token: Option<String>,
    pub(super) resource_version: Option<String>,
    pub(super) resource_version_match: Option<String>,
    pub(super) watch: bool,
    pub(super) allow_bookmarks: bool,
    pub(super) send_initial_events: Option<bool>,
    pub(super) timeout_seconds: Option<u64>,
    pub(super) dry_run: bool,
    pub(super) field_manager: Option<String>,
    pub(super) field_validation: Option<String>,
    pub(super) force: bool,
    pub(super) propagation_policy: Option<String>,
    pub(super) include_object: Option<String>,
    pub(super) pretty: bool,
}

impl Options {
    pub(super) fn read(query: &str) -> ApiResult<Self> {
        let mut options = Options::default();
        for pair in query.split('&').filter(|p| !p.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let malformed = || ApiError::bad_request("malformed percent-encoding in the query");
            let key = percent_decode(key, true).ok_or_else(malformed)?;
            let value = percent_decode(value, true).ok_or_else(malformed)?;
            let number = |what: &str| {
                value
                    .parse::<u64>()
                    .map_err(|_| ApiError::bad_request(format!("invalid value {value:?} for {what}")))
            };
            let truth = value == "true" || value == "1" || (value.is_empty() && !pair.contains('='));
            match key.as_str() {
                "labelSelector" => options.label_selector = value,
                "fieldSelector" => options.field_selector = value,
                "limit" => options.limit = Some(number("limit")?).filter(|n| *n > 0).map(|n| n as usize),
                "continue" if !value.is_empty() => options.continue_token = Some(value),
                "resourceVersion" if !value.is_empty() => options.resource_version = Some(value),
                "resourceVersionMatch" if !value.is_empty() => options.resource_version_match = Some(value),
                "watch" => options.watch = truth,
                "allowWatchBookmarks" => options.allow_bookmarks = truth,
                "sendInitialEvents" => options.send_initial_events = Some(truth),
                "timeoutSeconds" => options.timeout_seconds = Some(number("timeoutSeconds")?),
                "dryRun" if !value.is_empty() => {
                    if value != "All" {
                        let message = format!("invalid dryRun value {value:?}: supported values: \"All\"");
                        return Err(ApiError::new(422, "Invalid", message));
                    }
                    options.dry_run = true;
                }
                "fieldManager" if !value.is_empty() => options.field_manager = Some(value),
                "fieldValidation" if !value.is_empty() => options.field_validation = Some(value),
                "force" => options.force = truth,
                "propagationPolicy" if !value.is_empty() => options.propagation_policy = Some(value),
                "includeObject" if !value.is_empty() => options.include_object = Some(value),
                "pretty" => options.pretty = truth,
                _ => {}
            }
        }
        Ok(options)
    }
}

/// `%41` and, in queries, `+`.
fn percent_decode(text: &str, plus: bool) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let hex = [rest.next()?, rest.next()?];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&hex).ok()?, 16).ok()?);
            }
            b'+' if plus => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(method: Method, path: &str) -> (String, ResourceInfo) {
        let info = RequestInfo::read(&method, path, &Options::default()).unwrap();
        (info.verb, info.resource.unwrap_or_default())
    }

    #[test]
    fn paths() {
        let (verb, r) = read(Method::GET, "/api/v1/namespaces/a/pods/b/log");
        assert_eq!(
            (verb.as_str(), r.namespace.as_deref(), r.resource.as_str()),
            ("get", Some("a"), "pods")
        );
        assert_eq!((r.name.as_deref(), r.subresource.as_deref()), (Some("b"), Some("log")));
        let (verb, r) = read(Method::PUT, "/api/v1/namespaces/a/finalize");
        assert_eq!(
            (verb.as_str(), r.resource.as_str(), r.name.as_deref()),
            ("update", "namespaces", Some("a"))
        );
        let (verb, r) = read(Method::DELETE, "/apis/apps/v1/namespaces/a/deployments");
        assert_eq!(
            (verb.as_str(), r.group.as_str(), r.resource.as_str()),
            ("deletecollection", "apps", "deployments")
        );
        let (verb, r) = read(
            Method::GET,
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Aadmin",
        );
        assert_eq!((verb.as_str(), r.name.as_deref()), ("get", Some("system:admin")));
        assert_eq!(
            RequestInfo::read(&Method::GET, "/apis/apps/v1", &Options::default())
                .unwrap()
                .resource,
            None
        );
    }
}
