//! URLs, read and written as Go's `net/url` does it.

pub(super) mod address;

use std::fmt::Write;

use crate::template::quote::quote;
use crate::template::{FunctionError, Functions, Map, Parameter, Signature, Value};

use super::arguments::{Outcome, TEXT, map, text};

pub(super) fn register(functions: &mut Functions) {
    functions.register("urlParse", TEXT, |_, arguments| {
        let written = text(arguments, 0);
        let url = Url::parse(&written)
            .map_err(|reason| format!("unable to parse url: parse {}: {reason}", quote(written.as_bytes())))?;
        let hostname = url.hostname().to_owned();
        let userinfo = url.user.as_ref().map(UserInformation::text).unwrap_or_default();
        Ok(Value::map([
            ("scheme", Value::text(url.scheme)),
            ("host", Value::text(url.host)),
            ("hostname", Value::text(hostname)),
            ("path", Value::text(url.path)),
            ("query", Value::text(url.query)),
            ("opaque", Value::text(url.opaque)),
            ("fragment", Value::text(url.fragment)),
            ("userinfo", Value::text(userinfo)),
        ]))
    });
    functions.register("urlJoin", Signature::new(&[Parameter::Map]), |_, arguments| {
        join(map(arguments, 0))
    });
}

fn join(parts: Option<&Map>) -> Outcome {
    let part = |key: &str| -> Result<Vec<u8>, FunctionError> {
        match parts.and_then(|parts| parts.get(key)) {
            None => Ok(Vec::new()),
            Some(Value::Text(text)) => Ok(text.as_bytes().to_vec()),
            Some(Value::Nil) => Err(super::arguments::NIL_POINTER.into()),
            Some(other) => {
                let kind = other.kind().name();
                Err(format!("unable to parse {key} key, must be of type string, but {kind} found").into())
            }
        }
    };
    let string = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let (scheme, host, path) = (string(part("scheme")?), part("host")?, part("path")?);
    let (query, opaque, fragment) = (string(part("query")?), string(part("opaque")?), part("fragment")?);
    let userinfo = string(part("userinfo")?);
    let user = if userinfo.is_empty() {
        None
    } else {
        let written = format!("proto://{userinfo}@host");
        let url = Url::parse(&written).map_err(|reason| {
            format!(
                "unable to parse userinfo in dict: parse {}: {reason}",
                quote(written.as_bytes())
            )
        })?;
        url.user
    };
    let url = Url {
        scheme,
        opaque,
        user,
        host,
        path,
        query,
        fragment,
        ..Url::default()
    };
    Ok(Value::text(url.text()))
}

#[derive(Debug, Default)]
struct Url {
    scheme: String,
    opaque: String,
    user: Option<UserInformation>,
    /// Decoded, with the port.
    host: Vec<u8>,
    /// Decoded.
    path: Vec<u8>,
    /// As it is written.
    raw_path: Option<String>,
    query: String,
    force_query: bool,
    /// Decoded.
    fragment: Vec<u8>,
    raw_fragment: Option<String>,
    /// Whether `//` stood there without a host behind it.
    omit_host: bool,
}

#[derive(Debug)]
struct UserInformation {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

impl UserInformation {
    fn text(&self) -> String {
        let mut text = escape(&self.name, Part::User);
        if let Some(password) = &self.password {
            text.push(':');
            text.push_str(&escape(password, Part::User));
        }
        text
    }
}

/// Parts of a URL, which differ in what must be escaped.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Path,
    Host,
    Zone,
    User,
    Fragment,
}

fn must_escape(byte: u8, part: Part) -> bool {
    if byte.is_ascii_alphanumeric() {
        return false;
    }
    if matches!(part, Part::Host | Part::Zone)
        && matches!(
            byte,
            b'!' | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
                | b':'
                | b'['
                | b']'
                | b'<'
                | b'>'
                | b'"'
        )
    {
        return false;
    }
    match byte {
        b'-' | b'_' | b'.' | b'~' => false,
        b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'?' | b'@' => match part {
            Part::Path => byte == b'?',
            Part::User => matches!(byte, b'@' | b'/' | b'?' | b':'),
            Part::Fragment => false,
            Part::Host | Part::Zone => true,
        },
        b'!' | b'(' | b')' | b'*' if part == Part::Fragment => false,
        _ => true,
    }
}

fn escape(bytes: &[u8], part: Part) -> String {
    let mut escaped = String::with_capacity(bytes.len());
    for byte in bytes {
        if must_escape(*byte, part) {
            let _ = write!(escaped, "%{byte:02X}");
        } else {
            escaped.push(char::from(*byte));
        }
    }
    escaped
}

fn unescape(text: &str, part: Part) -> Result<Vec<u8>, String> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let byte = bytes[index];
        if byte != b'%' {
            if matches!(part, Part::Host | Part::Zone) && byte < 0x80 && must_escape(byte, part) {
                let shown = quote(&[byte]);
                return Err(format!("invalid character {shown} in host name"));
            }
            decoded.push(byte);
            index += 1;
            continue;
        }
        let digits = bytes.get(index + 1..index + 3);
        let code = digits
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let written = || {
            let end = (index + 3).min(bytes.len());
            quote(&bytes[index..end])
        };
        let code = code.ok_or_else(|| format!("invalid URL escape {}", written()))?;
        // In a host only characters beyond ASCII may be escaped, in a zone also some others.
        if part == Part::Host && code < 0x80 && code != b'%'
            || part == Part::Zone && code != b'%' && code != b' ' && must_escape(code, Part::Host) && code < 0x80
        {
            return Err(format!("invalid URL escape {}", written()));
        }
        decoded.push(code);
        index += 3;
    }
    Ok(decoded)
}

/// Whether an address has a scheme; Go's error if it is none.
#[cfg(feature = "helm")]
pub(super) fn is_absolute(text: &str) -> Result<bool, String> {
    Url::parse(text).map(|url| !url.scheme.is_empty())
}

impl Url {
    fn parse(written: &str) -> Result<Self, String> {
        let (body, fragment) = match written.split_once('#') {
            Some((body, fragment)) => (body, Some(fragment)),
            None => (written, None),
        };
        if body.bytes().any(|byte| byte < b' ' || byte == 0x7f)
            || written.bytes().any(|byte| byte < b' ' || byte == 0x7f)
        {
            return Err("net/url: invalid control character in URL".to_owned());
        }
        let mut url = Self::without_fragment(body)?;
        if let Some(fragment) = fragment {
            url.fragment = unescape(fragment, Part::Fragment)?;
            url.raw_fragment = Some(fragment.to_owned());
        }
        Ok(url)
    }

    fn without_fragment(written: &str) -> Result<Self, String> {
        let mut url = Self::default();
        if written == "*" {
            url.path = b"*".to_vec();
            return Ok(url);
        }
        let (scheme, mut rest) = scheme(written)?;
        url.scheme = scheme.to_ascii_lowercase();
        if let Some(before) = rest.strip_suffix('?')
            && !before.contains('?')
        {
            url.force_query = true;
            rest = before;
        } else if let Some((before, query)) = rest.split_once('?') {
            url.query = query.to_owned();
            rest = before;
        }
        if !rest.starts_with('/') {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_owned();
                return Ok(url);
            }
            // A colon in the first segment would read as a scheme.
            if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
                return Err("first path segment in URL cannot contain colon".to_owned());
            }
        }
        if (!url.scheme.is_empty() || !rest.starts_with("///"))
            && let Some(after) = rest.strip_prefix("//")
        {
            let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
            rest = path;
            url.authority(authority)?;
        } else if !url.scheme.is_empty() && rest.starts_with('/') {
            url.omit_host = true;
        }
        url.path = unescape(rest, Part::Path)?;
        url.raw_path = Some(rest.to_owned());
        Ok(url)
    }

    fn authority(&mut self, authority: &str) -> Result<(), String> {
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        self.host = host_of(host)?;
        if let Some(user) = user {
            let valid = |character: char| character.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(character);
            if !user.chars().all(valid) {
                return Err("net/url: invalid userinfo".to_owned());
            }
            let (name, password) = match user.split_once(':') {
                Some((name, password)) => (name, Some(unescape(password, Part::User)?)),
                None => (user, None),
            };
            self.user = Some(UserInformation {
                name: unescape(name, Part::User)?,
                password,
            });
        }
        Ok(())
    }

    fn hostname(&self) -> &[u8] {
        let host = &self.host[..];
        let host = match host.iter().rposition(|byte| *byte == b':') {
            Some(colon) if host[colon + 1..].iter().all(u8::is_ascii_digit) => &host[..colon],
            _ => host,
        };
        host.strip_prefix(b"[")
            .and_then(|host| host.strip_suffix(b"]"))
            .unwrap_or(host)
    }

    fn escaped_path(&self) -> String {
        if let Some(raw) = &self.raw_path
            && raw.bytes().all(|byte| {
                matches!(byte, b'!' | b'\'' | b'(' | b')' | b'*' | b'[' | b']' | b'%') || !must_escape(byte, Part::Path)
            })
        {
            return raw.clone();
        }
        if self.path == b"*" {
            return "*".to_owned();
        }
        escape(&self.path, Part::Path)
    }

    fn text(&self) -> String {
        let mut text = String::new();
        if !self.scheme.is_empty() {
            text.push_str(&self.scheme);
            text.push(':');
        }
        if self.opaque.is_empty() {
            let has_authority = !self.host.is_empty() || self.user.is_some();
            if has_authority || (!self.scheme.is_empty() && !self.omit_host) {
                if has_authority || !self.path.is_empty() {
                    text.push_str("//");
                }
                if let Some(user) = &self.user {
                    text.push_str(&user.text());
                    text.push('@');
                }
                text.push_str(&escape(&self.host, Part::Host));
            }
            let path = self.escaped_path();
            if !path.is_empty() && !path.starts_with('/') && !self.host.is_empty() {
                text.push('/');
            }
            // A colon in the first segment would read as a scheme.
            if text.is_empty() && path.split('/').next().is_some_and(|segment| segment.contains(':')) {
                text.push_str("./");
            }
            text.push_str(&path);
        } else {
            text.push_str(&self.opaque);
        }
        if self.force_query || !self.query.is_empty() {
            text.push('?');
            text.push_str(&self.query);
        }
        if !self.fragment.is_empty() {
            text.push('#');
            match &self.raw_fragment {
                Some(raw) => text.push_str(raw),
                None => text.push_str(&escape(&self.fragment, Part::Fragment)),
            }
        }
        text
    }
}

/// The scheme of a URL, and the rest.
fn scheme(written: &str) -> Result<(&str, &str), String> {
    for (index, byte) in written.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if index > 0 => {}
            b':' if index == 0 => return Err("missing protocol scheme".to_owned()),
            b':' => return Ok((&written[..index], &written[index + 1..])),
            _ => return Ok(("", written)),
        }
    }
    Ok(("", written))
}

fn host_of(host: &str) -> Result<Vec<u8>, String> {
    let Some(open) = host.rfind('[') else {
        valid_port(host.find(':').map_or("", |colon| &host[colon..]))?;
        return unescape(host, Part::Host);
    };
    if open > 0 {
        return Err("invalid IP-literal".to_owned());
    }
    let end = host.rfind(']').ok_or("missing ']' in host")?;
    let (name, port) = (&host[1..end], &host[end + 1..]);
    valid_port(port)?;
    let mut unescaped = match name.find("%25") {
        Some(zone) => [
            unescape(&name[..zone], Part::Host)?,
            unescape(&name[zone..], Part::Zone)?,
        ]
        .concat(),
        None => unescape(name, Part::Host)?,
    };
    if address::is_ipv4(&String::from_utf8_lossy(&unescaped)).map_err(|error| format!("invalid host: {error}"))? {
        return Err("invalid IP-literal".to_owned());
    }
    unescaped.insert(0, b'[');
    unescaped.push(b']');
    unescaped.extend(unescape(port, Part::Host)?);
    Ok(unescaped)
}

fn valid_port(port: &str) -> Result<(), String> {
    let digits = port.strip_prefix(':').unwrap_or(port);
    if port.is_empty() || (port.starts_with(':') && digits.bytes().all(|byte| byte.is_ascii_digit())) {
        return Ok(());
    }
    Err(format!("invalid port {} after host", quote(port.as_bytes())))
}
