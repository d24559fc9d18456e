//! Source strings of charts, and credentials.

use std::collections::BTreeSet;

use fleet_core::source::{ChartAddress, HelmCredentials, Secret, redact, unforwarded_warning};
use fleet_core::tree::path;
use serde_json::{Value, json};

use super::{covers, run, same};

fn credentials(value: &Value) -> HelmCredentials {
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    HelmCredentials {
        username: text("username"),
        password: Secret::new(text("password")),
        certificate_authorities: text("certificate_authorities").into_bytes(),
        ssh_private_key: Secret::new(text("ssh_private_key")),
        ssh_known_hosts: text("ssh_known_hosts"),
        insecure_skip_verify: value["insecure_skip_verify"] == true,
        basic_http: value["basic_http"] == true,
    }
}

fn address(text: &str, case: &Value) -> Result<(), String> {
    let got = match ChartAddress::parse(text) {
        Ok(ChartAddress::Git {
            url,
            reference,
            depth,
            ssh_key,
            folder,
        }) => {
            let ssh_key = ssh_key.map(|key| key.expose().to_owned());
            json!({"git": {"url": url, "reference": reference, "depth": depth, "ssh_key": ssh_key, "folder": folder}})
        }
        Ok(ChartAddress::Download {
            url,
            checksum,
            archive,
            folder,
        }) => {
            json!({"download": {"url": url, "checksum": checksum, "archive": archive, "folder": folder}})
        }
        Ok(ChartAddress::Path { path, folder }) => json!({"path": path, "folder": folder}),
        Ok(other) => return Err(format!("{other:?}")),
        Err(error) => json!({"error": error.to_string()}),
    };
    if let Some(wanted) = case["error"].as_str() {
        let error = got["error"].as_str().unwrap_or_default();
        return if error.contains(wanted) {
            Ok(())
        } else {
            Err(got.to_string())
        };
    }
    let mut wanted = case.clone();
    for (kind, nothing) in [
        (
            "git",
            json!({"reference": "", "depth": 1, "ssh_key": null, "folder": ""}),
        ),
        ("download", json!({"checksum": "", "archive": "", "folder": ""})),
    ] {
        if let Some(wanted) = wanted.get_mut(kind).and_then(Value::as_object_mut) {
            for (key, value) in nothing.as_object().unwrap() {
                wanted.entry(key.clone()).or_insert(value.clone());
            }
        }
    }
    let wanted = wanted.as_object_mut().unwrap();
    wanted.remove("line");
    wanted.remove("source");
    if covers(&got, &Value::Object(wanted.clone())) {
        Ok(())
    } else {
        Err(got.to_string())
    }
}

fn check(case: &Value) -> Result<(), String> {
    let rows = |key: &str| case[key].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if let Some(source) = case["source"].as_str() {
        return address(source, case);
    }
    for row in rows("inside") {
        same(&row.to_string(), &json!(path::inside(&text(&row[0]))), &row[1])?;
    }
    for row in rows("folded") {
        same(&row.to_string(), &json!(path::folded(&text(&row[0]))), &row[1])?;
    }
    for row in rows("shown") {
        same(&row.to_string(), &json!(redact(&text(&row[0]))), &row[1])?;
    }
    let digests = rows("digests");
    if !digests.is_empty() {
        let different: BTreeSet<[u8; 32]> = digests.iter().map(|row| credentials(row).digest()).collect();
        let again: BTreeSet<[u8; 32]> = digests.iter().map(|row| credentials(row).digest()).collect();
        assert_eq!(different, again);
        same("digests", &json!(different.len()), &json!(digests.len()))?;
    }
    let regex = text(&case["regex"]);
    if let Some(warned) = case.get("warned") {
        let given = credentials(&case["credentials"]);
        let warning = unforwarded_warning(&given, &regex, case["charts"] == true);
        return same("warned", &json!(warning.is_some()), warned);
    }
    let (repo, chart) = (text(&case["repo"]), text(&case["chart"]));
    if let Some(left) = case.get("left") {
        let forwarded = credentials(&case["credentials"]).forwarded(&regex, &repo, &chart);
        assert_eq!(forwarded, Ok(credentials(left)));
    }
    if case.get("forwarded").is_some() || case.get("error").is_some() {
        let all = credentials(&json!({"username": "a", "password": "b", "ssh_private_key": "c"}));
        match (all.forwarded(&regex, &repo, &chart), case["error"].as_str()) {
            (Ok(left), None) => same("forwarded", &json!(left.has_secrets()), &case["forwarded"])?,
            (Err(error), Some(wanted)) if error.to_string().contains(wanted) => {}
            (result, _) => return Err(format!("{result:?}")),
        }
    }
    Ok(())
}

#[test]
fn sources_are_read_and_shown() {
    run("source", check);
}
