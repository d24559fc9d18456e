//! Passwords and ciphers: bcrypt, the Master Password algorithm, AES.

use aes::cipher::block_padding::{NoPadding, Pkcs7};
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyInit, KeyIvInit};
use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::sprig::arguments::{Outcome, bytes};
use crate::sprig::encoding::{base64, from_base64};
use crate::template::{Context, FunctionError, Value};

/// A bcrypt hash of Go's default cost; what cannot be hashed is told in the result.
pub(super) fn bcrypt(context: &mut Context<'_>, password: &[u8]) -> Result<String, FunctionError> {
    const COST: u32 = 10;
    context.charge_steps(100_000)?;
    if password.len() > 72 {
        return Ok("failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes".to_owned());
    }
    let mut salt = [0; 16];
    context.environment().random(&mut salt);
    // The password is hashed with the zero that ends it, as far as it fits.
    let mut terminated = [password, &[0]].concat();
    terminated.truncate(72);
    let hash = bcrypt::bcrypt(COST, salt, &terminated);
    let engine = GeneralPurpose::new(&alphabet::BCRYPT, NO_PAD);
    Ok(format!(
        "$2a${COST}${}{}",
        engine.encode(salt),
        engine.encode(&hash[..23])
    ))
}

/// Templates of passwords by their type: each letter stands for a set of characters.
fn templates(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        "long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        "medium" => &["CvcnoCvc", "CvcCvcno"],
        "short" => &["Cvcn"],
        "basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        "pin" => &["nnnn"],
        _ => return None,
    })
}

fn characters(class: char) -> &'static [u8] {
    match class {
        'V' => b"AEIOU",
        'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        'v' => b"aeiou",
        'c' => b"bcdfghjklmnpqrstvwxyz",
        'A' => b"AEIOUBCDFGHJKLMNPQRSTVWXYZ",
        'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        'n' => b"0123456789",
        'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

/// The Master Password algorithm, version 3, by Maarten Billemont: the password of a site from that of a user.
pub(super) fn derive(
    context: &mut Context<'_>,
    counter: u32,
    kind: &str,
    password: &str,
    user: &str,
    site: &str,
) -> Result<String, FunctionError> {
    const SCOPE: &[u8] = b"com.lyndir.masterpassword";
    let Some(templates) = templates(kind) else {
        return Ok(format!("cannot find password template {kind}"));
    };
    context.charge_steps(200_000)?;
    context.charge_bytes(32 << 20)?;
    let length = |text: &str| (text.len() as u32).to_be_bytes();
    let salt = [SCOPE, &length(user), user.as_bytes()].concat();
    let parameters = scrypt::Params::new(15, 8, 2).map_err(|error| error.to_string())?;
    let mut key = [0; 64];
    scrypt::scrypt(password.as_bytes(), &salt, &parameters, &mut key)
        .map_err(|error| format!("failed to derive password: {error}"))?;
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).map_err(|error| error.to_string())?;
    mac.update(&[SCOPE, &length(site), site.as_bytes(), &counter.to_be_bytes()].concat());
    let seed = mac.finalize().into_bytes();
    let template = templates[usize::from(seed[0]) % templates.len()];
    let derived = template.chars().zip(&seed[1..]).map(|(class, seed)| {
        let characters = characters(class);
        char::from(characters[usize::from(*seed) % characters.len()])
    });
    Ok(derived.collect())
}

/// The key of a password: its first 32 bytes, filled up with zeros.
fn cipher_key(password: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    let length = password.len().min(32);
    key[..length].copy_from_slice(&password[..length]);
    key
}

/// AES-256-CBC with the initialisation vector in front, in base64.
pub(super) fn encrypt(context: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    let plain = bytes(arguments, 1);
    if plain.is_empty() {
        return Ok(Value::text(""));
    }
    let mut vector = [0; 16];
    context.environment().random(&mut vector);
    let cipher = cbc::Encryptor::<aes::Aes256>::new(&cipher_key(bytes(arguments, 0)).into(), &vector.into());
    let encrypted = cipher.encrypt_padded_vec::<Pkcs7>(plain);
    Ok(Value::text(base64(&[&vector, &*encrypted].concat())))
}

/// What `encrypt` encrypted.
pub(super) fn decrypt(_: &mut Context<'_>, arguments: &[Value]) -> Outcome {
    let encoded = bytes(arguments, 1);
    if encoded.is_empty() {
        return Ok(Value::text(""));
    }
    let decoded = from_base64(encoded)?;
    let Some((vector, encrypted)) = decoded.as_bytes().split_first_chunk::<16>() else {
        let capacity = encoded.len() / 4 * 3;
        return Err(format!("runtime error: slice bounds out of range [:16] with capacity {capacity}").into());
    };
    let cipher = cbc::Decryptor::<aes::Aes256>::new(&cipher_key(bytes(arguments, 0)).into(), &(*vector).into());
    let mut plain = cipher
        .decrypt_padded_vec::<NoPadding>(encrypted)
        .map_err(|_| "crypto/cipher: input not full blocks")?;
    let Some(padding) = plain.last().copied().map(usize::from) else {
        return Err("runtime error: index out of range [-1]".into());
    };
    let Some(length) = plain.len().checked_sub(padding) else {
        let end = plain.len() as i64 - padding as i64;
        return Err(format!("runtime error: slice bounds out of range [:{end}]").into());
    };
    plain.truncate(length);
    Ok(Value::text(plain))
}
