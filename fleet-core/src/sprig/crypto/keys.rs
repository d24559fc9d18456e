//! Private keys: making them, reading and writing them as PEM, signing.

use std::convert::Infallible;

use num_bigint::BigUint;
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use rsa::pkcs8::DecodePrivateKey;
use rsa::rand_core::{TryCryptoRng, TryRng};
use rsa::sha2::Digest;
use rsa::signature::Signer;
use rsa::traits::PublicKeyParts;

use crate::template::{Context, Environment, FunctionError};

use super::{der, pem};

const RSA: &[u64] = &[1, 2, 840, 113_549, 1, 1, 1];
const RSA_SHA256: &[u64] = &[1, 2, 840, 113_549, 1, 1, 11];
const EC: &[u64] = &[1, 2, 840, 10045, 2, 1];
const P256: &[u64] = &[1, 2, 840, 10045, 3, 1, 7];
const ECDSA_SHA256: &[u64] = &[1, 2, 840, 10045, 4, 3, 2];
const ED25519: &[u64] = &[1, 3, 101, 112];

/// The randomness of a run, for the crates that draw from it.
pub(super) struct Random<'a>(pub(super) &'a dyn Environment);

impl TryRng for Random<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.random(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.random(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), Infallible> {
        self.0.random(buffer);
        Ok(())
    }
}

impl TryCryptoRng for Random<'_> {}

/// A private key that can sign certificates.
pub(super) enum PrivateKey {
    Rsa(Box<rsa::PrivateKey>),
    P256(Box<p256::ecdsa::SigningKey>),
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

/// `genPrivateKey`: a key of a type as PEM; a type that is not known is told in the result.
pub(super) fn generate(context: &mut Context<'_>, kind: &str) -> Result<String, FunctionError> {
    match kind {
        "" | "rsa" => PrivateKey::rsa(context, 4096)?.to_pem(),
        "dsa" => dsa(context),
        "ecdsa" => PrivateKey::p256(context).to_pem(),
        "ed25519" => PrivateKey::ed25519(context).to_pem(),
        _ => Ok(format!("Unknown type {kind}")),
    }
}

fn failed(reason: impl std::fmt::Display) -> FunctionError {
    FunctionError::new(format!("failed to generate private key: {reason}"))
}

impl PrivateKey {
    /// An RSA key of so many bits.
    pub(super) fn rsa(context: &mut Context<'_>, bits: usize) -> Result<Self, FunctionError> {
        context.charge_steps((bits as u64).pow(2) / 20)?;
        let key = rsa::PrivateKey::new(&mut Random(context.environment()), bits).map_err(failed)?;
        Ok(Self::Rsa(Box::new(key)))
    }

    fn p256(context: &Context<'_>) -> Self {
        loop {
            let mut bytes = [0; 32];
            context.environment().random(&mut bytes);
            // Numbers beyond the order of the curve, one in four billion, are drawn again.
            if let Ok(key) = p256::ecdsa::SigningKey::from_slice(&bytes) {
                return Self::P256(Box::new(key));
            }
        }
    }

    fn ed25519(context: &Context<'_>) -> Self {
        let mut seed = [0; 32];
        context.environment().random(&mut seed);
        Self::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(&seed)))
    }

    /// The key as Go writes keys of its type.
    pub(super) fn to_pem(&self) -> Result<String, FunctionError> {
        Ok(match self {
            Self::Rsa(key) => pem::encode("RSA PRIVATE KEY", key.to_pkcs1_der().map_err(failed)?.as_bytes()),
            Self::P256(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                let content = der::sequence(&[
                    der::integer(&[1]),
                    der::value(der::tag::OCTET_STRING, &key.to_bytes()),
                    der::value(der::tag::CONTEXT, &der::object_identifier(P256)),
                    der::value(der::tag::CONTEXT + 1, &der::bit_string(point.as_bytes())),
                ]);
                pem::encode("EC PRIVATE KEY", &content)
            }
            Self::Ed25519(key) => {
                let content = der::sequence(&[
                    der::integer(&[0]),
                    der::sequence(&[der::object_identifier(ED25519)]),
                    der::value(
                        der::tag::OCTET_STRING,
                        &der::value(der::tag::OCTET_STRING, &key.to_bytes()),
                    ),
                ]);
                pem::encode("PRIVATE KEY", &content)
            }
        })
    }

    /// Reads a key of any form that Go's x509 package reads.
    pub(super) fn from_pem(text: &str) -> Result<Self, String> {
        let (label, content) = pem::decode(text).ok_or("no PEM data in input")?;
        let rsa = |key: rsa::PrivateKey| Self::Rsa(Box::new(key));
        if label == "PRIVATE KEY" {
            return from_pkcs8(&content).ok_or_else(|| "decoding PEM as PKCS#8: asn1: structure error".to_owned());
        }
        match label.strip_suffix(" PRIVATE KEY") {
            None => Err(format!("no private key data in PEM block of type {label}")),
            Some("RSA") => rsa::PrivateKey::from_pkcs1_der(&content)
                .map(rsa)
                .map_err(|error| format!("parsing RSA private key from PEM: {error}")),
            Some("EC") => from_sec1(&content)
                .ok_or_else(|| "parsing EC private key from PEM: x509: failed to parse EC private key".to_owned()),
            Some(kind) => Err(format!("invalid private key type {kind}")),
        }
    }

    /// The algorithm and the public key, as a certificate has them.
    pub(super) fn public_key_information(&self) -> Vec<u8> {
        let (algorithm, key) = match self {
            Self::Rsa(key) => {
                let content = der::sequence(&[
                    der::integer(&key.n().to_be_bytes()),
                    der::integer(&key.e().to_be_bytes()),
                ]);
                (
                    vec![der::object_identifier(RSA), der::value(der::tag::NULL, &[])],
                    content,
                )
            }
            Self::P256(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                (
                    vec![der::object_identifier(EC), der::object_identifier(P256)],
                    point.as_bytes().to_vec(),
                )
            }
            Self::Ed25519(key) => (
                vec![der::object_identifier(ED25519)],
                key.verifying_key().to_bytes().to_vec(),
            ),
        };
        der::sequence(&[der::sequence(&algorithm), der::bit_string(&key)])
    }

    /// The identifier of the algorithm that `sign` uses.
    pub(super) fn signature_algorithm(&self) -> Vec<u8> {
        match self {
            Self::Rsa(_) => der::sequence(&[der::object_identifier(RSA_SHA256), der::value(der::tag::NULL, &[])]),
            Self::P256(_) => der::sequence(&[der::object_identifier(ECDSA_SHA256)]),
            Self::Ed25519(_) => der::sequence(&[der::object_identifier(ED25519)]),
        }
    }

    /// A signature of a message.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        match self {
            Self::Rsa(key) => {
                let scheme = rsa::Pkcs1v15Sign::new::<rsa::sha2::Sha256>();
                key.sign(scheme, &rsa::sha2::Sha256::digest(message))
                    .map_err(|error| error.to_string())
            }
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature = key.try_sign(message).map_err(|error| error.to_string())?;
                Ok(signature.to_der().as_bytes().to_vec())
            }
            Self::Ed25519(key) => {
                let signature: ed25519_dalek::Signature = ed25519_dalek::Signer::sign(&**key, message);
                Ok(signature.to_bytes().to_vec())
            }
        }
    }
}

fn from_sec1(content: &[u8]) -> Option<PrivateKey> {
    let (key, _) = der::first(content)?;
    let parts = der::elements(key.content)?;
    let secret = parts.get(1).filter(|part| part.tag == der::tag::OCTET_STRING)?;
    // Other curves than P-256 are not supported, and neither is a key that does not name its curve.
    let curve = parts.iter().find(|part| part.tag == der::tag::CONTEXT);
    if curve.is_some_and(|curve| curve.content != der::object_identifier(P256)) {
        return None;
    }
    p256::ecdsa::SigningKey::from_slice(secret.content)
        .ok()
        .map(|key| PrivateKey::P256(Box::new(key)))
}

fn from_pkcs8(content: &[u8]) -> Option<PrivateKey> {
    let (key, _) = der::first(content)?;
    let parts = der::elements(key.content)?;
    let algorithm = der::elements(parts.get(1)?.content)?;
    let secret = parts.get(2).filter(|part| part.tag == der::tag::OCTET_STRING)?.content;
    let identifier = algorithm.first()?.whole;
    if identifier == der::object_identifier(RSA) {
        return rsa::PrivateKey::from_pkcs8_der(content)
            .ok()
            .map(|key| PrivateKey::Rsa(Box::new(key)));
    }
    if identifier == der::object_identifier(ED25519) {
        let seed = der::first(secret)?.0.content.try_into().ok()?;
        return Some(PrivateKey::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(
            &seed,
        ))));
    }
    if identifier == der::object_identifier(EC) && algorithm.get(1)?.whole == der::object_identifier(P256) {
        return from_sec1(secret);
    }
    None
}

/// A DSA key of 2048 and 256 bits, in the form that OpenSSL has for it.
fn dsa(context: &mut Context<'_>) -> Result<String, FunctionError> {
    context.charge_steps(2_000_000)?;
    let mut random = Random(context.environment());
    let components = dsa::Components::try_generate_from_rng_with_key_size(&mut random, dsa::KeySize::DSA_2048_256)
        .map_err(failed)?;
    let number = |bytes: &[u8]| BigUint::from_bytes_be(bytes);
    let (p, q, g) = (
        components.p().to_be_bytes(),
        components.q().to_be_bytes(),
        components.g().to_be_bytes(),
    );
    let (p, q, g) = (number(&p), number(&q), number(&g));
    let secret = loop {
        let mut bytes = [0; 32];
        context.environment().random(&mut bytes);
        let secret = number(&bytes);
        if secret < q && secret.bits() > 0 {
            break secret;
        }
    };
    let public = g.modpow(&secret, &p);
    let mut parts = vec![der::integer(&[0])];
    parts.extend([&p, &q, &g, &public, &secret].map(|number| der::integer(&number.to_bytes_be())));
    Ok(pem::encode("DSA PRIVATE KEY", &der::sequence(&parts)))
}
