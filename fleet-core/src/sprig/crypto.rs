//! Cryptography: keys, certificates, passwords, ciphers.
//!
//! Randomness comes from the environment of the run, so that a render with the same environment gives the same keys.
//! Functions that take long count their steps before they start.

use crate::template::{Functions, Parameter, Signature, Value};

use super::arguments::{TEXT, TEXT_TEXT, text};

mod certificates;
mod der;
mod keys;
mod password;
mod pem;

const CN_DAYS: &[Parameter] = &[Parameter::Text, Parameter::Int];
const CN_DAYS_KEY: &[Parameter] = &[Parameter::Text, Parameter::Int, Parameter::Text];
const NAMES: &[Parameter] = &[Parameter::Text, Parameter::List, Parameter::List, Parameter::Int];
const NAMES_KEY: &[Parameter] = &[
    Parameter::Text,
    Parameter::List,
    Parameter::List,
    Parameter::Int,
    Parameter::Text,
];
const CERTIFICATE: Parameter = Parameter::Named("sprig.certificate");
const NAMES_CA: &[Parameter] = &[
    Parameter::Text,
    Parameter::List,
    Parameter::List,
    Parameter::Int,
    CERTIFICATE,
];
const NAMES_CA_KEY: &[Parameter] = &[
    Parameter::Text,
    Parameter::List,
    Parameter::List,
    Parameter::Int,
    CERTIFICATE,
    Parameter::Text,
];

pub(super) fn register(functions: &mut Functions) {
    functions.register("genPrivateKey", TEXT, |context, arguments| {
        keys::generate(context, &text(arguments, 0)).map(Value::text)
    });
    functions.register("genCA", Signature::new(CN_DAYS), certificates::authority);
    functions.register("genCAWithKey", Signature::new(CN_DAYS_KEY), certificates::authority);
    functions.register("genSelfSignedCert", Signature::new(NAMES), certificates::self_signed);
    functions.register(
        "genSelfSignedCertWithKey",
        Signature::new(NAMES_KEY),
        certificates::self_signed,
    );
    functions.register("genSignedCert", Signature::new(NAMES_CA), certificates::signed);
    functions.register(
        "genSignedCertWithKey",
        Signature::new(NAMES_CA_KEY),
        certificates::signed,
    );
    functions.register("buildCustomCert", TEXT_TEXT, |_, arguments| {
        certificates::custom(arguments)
    });
    functions.register("bcrypt", TEXT, |context, arguments| {
        Ok(Value::text(password::bcrypt(context, text(arguments, 0).as_bytes())?))
    });
    functions.register("htpasswd", TEXT_TEXT, |context, arguments| {
        let user = text(arguments, 0);
        if user.contains(':') {
            return Ok(Value::text(format!("invalid username: {user}")));
        }
        let hash = password::bcrypt(context, text(arguments, 1).as_bytes())?;
        Ok(Value::text(format!("{user}:{hash}")))
    });
    let derive = Signature::new(&[
        Parameter::Uint32,
        Parameter::Text,
        Parameter::Text,
        Parameter::Text,
        Parameter::Text,
    ]);
    functions.register("derivePassword", derive, |context, arguments| {
        let Value::Uint64(counter) = &arguments[0] else {
            return Ok(Value::Nil);
        };
        let counter = *counter as u32;
        let kind = text(arguments, 1);
        password::derive(
            context,
            counter,
            &kind,
            &text(arguments, 2),
            &text(arguments, 3),
            &text(arguments, 4),
        )
        .map(Value::text)
    });
    functions.register("encryptAES", TEXT_TEXT, password::encrypt);
    functions.register("decryptAES", TEXT_TEXT, password::decrypt);
}
