//! X.509 certificates (RFC 5280) with the fields and in the form that sprig gives them through Go's x509 package.

use std::any::Any;

use sha2::{Digest, Sha256};

use crate::sprig::arguments::{Outcome, int, text};
use crate::sprig::encoding::from_base64;
use crate::sprig::time::Time;
use crate::template::format::text_of;
use crate::template::quote::quote;
use crate::template::{Context, FunctionError, Object, Value};

use super::der::{self, tag};
use super::keys::PrivateKey;
use super::pem;

const COMMON_NAME: &[u64] = &[2, 5, 4, 3];
const KEY_USAGE: &[u64] = &[2, 5, 29, 15];
const EXTENDED_KEY_USAGE: &[u64] = &[2, 5, 29, 37];
const BASIC_CONSTRAINTS: &[u64] = &[2, 5, 29, 19];
const SUBJECT_KEY: &[u64] = &[2, 5, 29, 14];
const AUTHORITY_KEY: &[u64] = &[2, 5, 29, 35];
const ALTERNATIVE_NAMES: &[u64] = &[2, 5, 29, 17];
const SERVER_AUTHENTICATION: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 3, 1];
const CLIENT_AUTHENTICATION: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 3, 2];

/// The size of keys that are made for certificates.
const BITS: usize = 2048;

/// sprig's certificate: a certificate and its key, both as PEM.
#[derive(Debug, Clone, PartialEq)]
struct Certificate {
    certificate: String,
    key: String,
}

impl Object for Certificate {
    fn type_name(&self) -> &'static str {
        "sprig.certificate"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("Cert", Value::text(&self.certificate)),
            ("Key", Value::text(&self.key)),
        ]
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Self>() == Some(self)
    }
}

/// What a certificate says.
struct Request {
    common_name: String,
    addresses: Vec<std::net::IpAddr>,
    names: Vec<String>,
    days: i64,
    is_authority: bool,
}

/// Who signs a certificate.
struct Issuer<'k> {
    /// The encoded name.
    name: Vec<u8>,
    subject_key: Vec<u8>,
    key: &'k PrivateKey,
}

/// `genCA` and `genCAWithKey`.
pub(super) fn authority(context: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    let request = Request {
        common_name: text(arguments, 0).into_owned(),
        addresses: Vec::new(),
        names: Vec::new(),
        days: int(arguments, 1),
        is_authority: true,
    };
    let key = given_or_new(context, arguments.get(2))?;
    issue(context, &request, &key, None)
}

/// `genSelfSignedCert` and `genSelfSignedCertWithKey`.
pub(super) fn self_signed(context: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    let key = given_or_new(context, arguments.get(4))?;
    let request = request(arguments)?;
    issue(context, &request, &key, None)
}

/// `genSignedCert` and `genSignedCertWithKey`.
pub(super) fn signed(context: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    let key = given_or_new(context, arguments.get(5))?;
    let Some(authority) = arguments[4].downcast::<Certificate>() else {
        return Err("unable to decode certificate".into());
    };
    let (_, content) = pem::decode(&authority.certificate).ok_or("unable to decode certificate")?;
    let parsed = Parsed::read(&content)
        .ok_or("error parsing certificate: decodedSignerCert.Bytes: x509: malformed certificate")?;
    let signer = PrivateKey::from_pem(&authority.key).map_err(|error| format!("error parsing private key: {error}"))?;
    let request = request(arguments)?;
    if parsed.public_key_information != signer.public_key_information() {
        return Err("error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey".into());
    }
    let issuer = Issuer {
        name: parsed.subject.to_vec(),
        subject_key: parsed.subject_key.to_vec(),
        key: &signer,
    };
    issue(context, &request, &key, Some(issuer))
}

/// `buildCustomCert`: a certificate and a key that are given, in base64.
pub(super) fn custom(arguments: &[Value]) -> Outcome {
    let decoded = |index: usize, what: &str| {
        from_base64(text(arguments, index).as_bytes()).map_err(|_| format!("unable to decode base64 {what}"))
    };
    let certificate = decoded(0, "certificate")?.to_str().into_owned();
    let key = decoded(1, "private key")?.to_str().into_owned();
    let (_, content) = pem::decode(&certificate).ok_or("unable to decode certificate")?;
    Parsed::read(&content).ok_or("error parsing certificate: decodedCert.Bytes: x509: malformed certificate")?;
    PrivateKey::from_pem(&key).map_err(|error| format!("error parsing private key: {error}"))?;
    Ok(Value::object(Certificate { certificate, key }))
}

fn given_or_new(context: &mut Context<'_>, given: Option<&Value>) -> Result<PrivateKey, FunctionError> {
    match given.and_then(Value::as_text) {
        Some(given) => {
            Ok(PrivateKey::from_pem(&given.to_str()).map_err(|error| format!("parsing private key: {error}"))?)
        }
        None => PrivateKey::rsa(context, BITS),
    }
}

fn request(arguments: &[Value]) -> Result<Request, FunctionError> {
    let items = |index: usize| arguments[index].as_list().map(|list| list.to_vec()).unwrap_or_default();
    let mut addresses = Vec::new();
    for item in items(1) {
        let Some(address) = item.as_text() else {
            return Err(format!("error parsing ip: {} is not a string", text_of(&item)).into());
        };
        let address = address.to_str();
        addresses.push(address.parse().map_err(|_| format!("error parsing ip: {address}"))?);
    }
    let mut names = Vec::new();
    for item in items(2) {
        let Some(name) = item.as_text() else {
            return Err(format!(
                "error processing alternate dns name: {} is not a string",
                text_of(&item)
            )
            .into());
        };
        names.push(name.to_str().into_owned());
    }
    let (common_name, days) = (text(arguments, 0).into_owned(), int(arguments, 3));
    Ok(Request {
        common_name,
        addresses,
        names,
        days,
        is_authority: false,
    })
}

/// Makes and signs a certificate; without an issuer it signs itself.
fn issue(context: &Context<'_>, request: &Request, key: &PrivateKey, issuer: Option<Issuer<'_>>) -> Outcome {
    if let Some(name) = request.names.iter().find(|name| !name.is_ascii()) {
        let name = quote(name.as_bytes());
        return Err(format!("error creating certificate: x509: {name} cannot be encoded as an IA5String").into());
    }
    let subject = name(&request.common_name);
    let is_self_signed = issuer.is_none();
    let issuer = issuer.unwrap_or_else(|| Issuer {
        name: subject.clone(),
        subject_key: Vec::new(),
        key,
    });
    let mut serial = [0; 16];
    context.environment().random(&mut serial);
    let now = context.environment().now().as_second();
    let end = now.saturating_add(request.days.saturating_mul(86_400));
    let public_key = key.public_key_information();
    let authority_key = if is_self_signed || issuer.name == subject {
        &[][..]
    } else {
        &issuer.subject_key
    };
    let algorithm = issuer.key.signature_algorithm();
    let content = der::sequence(&[
        der::value(tag::CONTEXT, &der::integer(&[2])),
        der::integer(&serial),
        algorithm.clone(),
        issuer.name,
        der::sequence(&[time(now), time(end)]),
        subject.clone(),
        public_key.clone(),
        der::value(
            tag::CONTEXT + 3,
            &der::sequence(&extensions(request, &public_key, authority_key)),
        ),
    ]);
    let signature = issuer
        .key
        .sign(&content)
        .map_err(|error| format!("error creating certificate: {error}"))?;
    let certificate = der::sequence(&[content, algorithm, der::bit_string(&signature)]);
    Ok(Value::object(Certificate {
        certificate: pem::encode("CERTIFICATE", &certificate),
        key: key.to_pem()?,
    }))
}

fn name(common_name: &str) -> Vec<u8> {
    if common_name.is_empty() {
        return der::sequence(&[]);
    }
    let printable = common_name
        .chars()
        .all(|character| character.is_ascii_alphanumeric() || " '()+,-./:=?".contains(character));
    let text_tag = if printable {
        tag::PRINTABLE_STRING
    } else {
        tag::UTF8_STRING
    };
    let attribute = der::sequence(&[
        der::object_identifier(COMMON_NAME),
        der::value(text_tag, common_name.as_bytes()),
    ]);
    der::sequence(&[der::value(tag::SET, &attribute)])
}

/// Two digits of the year until 2049, four from then on.
fn time(unix: i64) -> Vec<u8> {
    let time = Time::from_unix(unix);
    let year: i64 = time.format("2006").parse().unwrap_or(0);
    if (1950..2050).contains(&year) {
        return der::value(tag::UTC_TIME, time.format("060102150405Z").as_bytes());
    }
    der::value(tag::GENERALIZED_TIME, time.format("20060102150405Z").as_bytes())
}

fn extensions(request: &Request, public_key: &[u8], authority_key: &[u8]) -> Vec<Vec<u8>> {
    let extension = |identifier: &[u64], critical: bool, content: &[u8]| {
        let mut parts = vec![der::object_identifier(identifier)];
        if critical {
            parts.push(der::value(tag::BOOLEAN, &[0xff]));
        }
        parts.push(der::value(tag::OCTET_STRING, content));
        der::sequence(&parts)
    };
    // Digital signature and key encipherment; an authority also signs certificates.
    let usage = if request.is_authority {
        [0b10, 0b1010_0100]
    } else {
        [0b101, 0b1010_0000]
    };
    let purposes = der::sequence(&[
        der::object_identifier(SERVER_AUTHENTICATION),
        der::object_identifier(CLIENT_AUTHENTICATION),
    ]);
    let constraints = if request.is_authority {
        vec![der::value(tag::BOOLEAN, &[0xff])]
    } else {
        Vec::new()
    };
    let mut extensions = vec![
        extension(KEY_USAGE, true, &der::value(tag::BIT_STRING, &usage)),
        extension(EXTENDED_KEY_USAGE, false, &purposes),
        extension(BASIC_CONSTRAINTS, true, &der::sequence(&constraints)),
    ];
    if request.is_authority {
        // RFC 7093, section 2, method 1: the first 160 bits of the hash of the key.
        let hash = public_key_bits(public_key).map(Sha256::digest).unwrap_or_default();
        extensions.push(extension(
            SUBJECT_KEY,
            false,
            &der::value(tag::OCTET_STRING, &hash[..20]),
        ));
    }
    if !authority_key.is_empty() {
        let identifier = der::sequence(&[der::value(0x80, authority_key)]);
        extensions.push(extension(AUTHORITY_KEY, false, &identifier));
    }
    let mut alternatives: Vec<Vec<u8>> = Vec::new();
    alternatives.extend(request.names.iter().map(|name| der::value(0x82, name.as_bytes())));
    alternatives.extend(request.addresses.iter().map(|address| match address {
        std::net::IpAddr::V4(address) => der::value(0x87, &address.octets()),
        std::net::IpAddr::V6(address) => der::value(0x87, &address.octets()),
    }));
    if !alternatives.is_empty() {
        let critical = request.common_name.is_empty();
        extensions.push(extension(ALTERNATIVE_NAMES, critical, &der::sequence(&alternatives)));
    }
    extensions
}

/// The key inside of the information on a public key.
fn public_key_bits(information: &[u8]) -> Option<&[u8]> {
    let (information, _) = der::first(information)?;
    let parts = der::elements(information.content)?;
    parts.get(1)?.content.get(1..)
}

/// What signing with a certificate needs of it.
struct Parsed<'d> {
    subject: &'d [u8],
    subject_key: &'d [u8],
    public_key_information: &'d [u8],
}

impl<'d> Parsed<'d> {
    fn read(encoded: &'d [u8]) -> Option<Self> {
        let (certificate, rest) = der::first(encoded)?;
        let parts = der::elements(certificate.content)?;
        if !rest.is_empty() || certificate.tag != tag::SEQUENCE || parts.len() != 3 {
            return None;
        }
        let fields = der::elements(parts[0].content)?;
        // The version is left out of certificates of version 1.
        let skipped = usize::from(fields.first()?.tag == tag::CONTEXT);
        let subject = fields.get(skipped + 4)?.whole;
        let public_key_information = fields.get(skipped + 5)?.whole;
        let extensions = fields.iter().find(|field| field.tag == tag::CONTEXT + 3);
        let subject_key = extensions
            .and_then(|extensions| subject_key(extensions.content))
            .unwrap_or_default();
        Some(Self {
            subject,
            subject_key,
            public_key_information,
        })
    }
}

fn subject_key(extensions: &[u8]) -> Option<&[u8]> {
    let (extensions, _) = der::first(extensions)?;
    for extension in der::elements(extensions.content)? {
        let parts = der::elements(extension.content)?;
        if parts.first()?.whole == der::object_identifier(SUBJECT_KEY) {
            return Some(der::first(parts.last()?.content)?.0.content);
        }
    }
    None
}
