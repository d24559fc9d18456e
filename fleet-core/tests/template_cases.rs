//! The template language and sprig, compared with what Helm v4.2.3 makes of the same expressions.
#![allow(clippy::disallowed_methods, clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use serde_json::Value;

mod support;

#[path = "template_cases/chart.rs"]
mod chart;

fn corpus() -> Option<PathBuf> {
    Some(support::corpus()?.join("helm-cases"))
}

fn read_json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn report(failures: &[String], total: usize) {
    assert!(
        failures.is_empty(),
        "{} of {total} differ:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn the_language_is_that_of_helm() {
    let Some(folder) = corpus() else { return };
    let all = read_json(&folder.join("gotemplate-cases.json"));
    let values = all["values"].as_str().unwrap();
    let cases = all["cases"].as_array().unwrap();
    let mut failures = Vec::new();
    for case in cases {
        let (name, template, want) = (
            &case["name"],
            case["tpl"].as_str().unwrap(),
            case["expect"].as_str().unwrap(),
        );
        let got = chart::render(template, values).unwrap_or_else(|error| format!("ERR {error}"));
        if got != want {
            failures.push(format!("{name}: {template}\n  want {want:?}\n  got  {got:?}"));
        }
    }
    report(&failures, cases.len());
}

#[test]
fn functions_are_those_of_helm() {
    let Some(folder) = corpus() else { return };
    let cases = read_json(&folder.join("battery.json"));
    let cases = cases.as_array().unwrap();
    let values = std::fs::read_to_string(folder.join("battery-values.yaml")).unwrap();
    let mut failures = Vec::new();
    for case in cases {
        let expression = case["expr"].as_str().unwrap();
        if case["unstable"] == true {
            continue;
        }
        check(expression, &values, case, &mut failures);
    }
    report(&failures, cases.len());
}

/// Our own expressions, with what Helm printed for them.
#[test]
fn functions_take_every_kind_of_argument_as_helm_does() {
    // More cases can be compared by naming another folder of them.
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sprig");
    let folder = std::env::var_os("FLEET_SPRIG_CASES").map_or(own, PathBuf::from);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    paths.sort();
    let mut failures = Vec::new();
    let mut total = 0;
    for path in paths {
        let family = read_json(&path);
        let values = &family["values"].to_string();
        for case in family["cases"].as_array().unwrap() {
            total += 1;
            check(case["expr"].as_str().unwrap(), values, case, &mut failures);
        }
    }
    report(&failures, total);
}

fn check(expression: &str, values: &str, case: &Value, failures: &mut Vec<String>) {
    let want = match case["out"].as_str() {
        Some(out) => out.to_owned(),
        None => format!("ERR {}", case["error"].as_str().unwrap()),
    };
    let got = chart::render(&format!("{{{{ {expression} }}}}"), values).unwrap_or_else(|error| format!("ERR {error}"));
    if got != want {
        failures.push(format!("{expression}\n  want {want:?}\n  got  {got:?}"));
    }
}

/// Keys and certificates differ from run to run in Helm; here they follow from the environment.
#[test]
fn keys_and_certificates_follow_from_the_environment() {
    let template = r#"{{- $ca := genCA "root" 365 -}}
{{- $cert := genSignedCert "leaf" (list "10.0.0.1") (list "a.example" "b.example") 30 $ca -}}
{{- $own := genSelfSignedCert "own" nil nil 1 -}}
{{- $custom := buildCustomCert (b64enc $cert.Cert) (b64enc $cert.Key) -}}
{{- list $ca.Cert $ca.Key $cert.Cert $cert.Key $own.Cert (eq $custom.Cert $cert.Cert) (typeOf $ca) | join "\n" -}}"#;
    let nothing = "{}";
    let first = chart::render(template, nothing).unwrap();
    assert_eq!(first.matches("-----BEGIN CERTIFICATE-----").count(), 3);
    assert_eq!(first.matches("-----BEGIN RSA PRIVATE KEY-----").count(), 2);
    assert!(first.ends_with("\ntrue\nsprig.certificate"));
    assert_eq!(first, chart::render(template, nothing).unwrap());
    if let Some(folder) = std::env::var_os("FLEET_KEEP_CERTIFICATES") {
        std::fs::write(Path::new(&folder).join("certificates.pem"), first).unwrap();
    }
    for (kind, label) in [("ecdsa", "EC PRIVATE KEY"), ("ed25519", "PRIVATE KEY")] {
        let template =
            format!(r#"{{{{ $k := genPrivateKey "{kind}" }}}}{{{{ $k }}}}{{{{ (genCAWithKey "x" 1 $k).Cert }}}}"#);
        let text = chart::render(&template, nothing).unwrap();
        assert!(
            text.starts_with(&format!("-----BEGIN {label}-----\n")) && text.contains("BEGIN CERTIFICATE"),
            "{text}"
        );
    }
}

#[test]
fn passwords_are_hashed_and_texts_encrypted_both_ways() {
    let nothing = "{}";
    let render = |template: &str| chart::render(template, nothing).unwrap();
    assert_eq!(
        render(r#"{{ encryptAES "key" "some text" | decryptAES "key" }}"#),
        "some text"
    );
    let hash = render(r#"{{ htpasswd "user" "password" }}"#);
    assert!(
        hash.starts_with("user:$2a$10$") && hash.len() == "user:".len() + 60,
        "{hash}"
    );
}
