//! Manifests, contents and hashes of values.

use std::collections::BTreeMap;

use fleet_core::api::{BundleDeploymentOptions, BundleResource, BundleSpec, Bytes, GenericMap};
use fleet_core::naming;
use fleet_core::render::content;
use fleet_core::yaml::json;
use serde::Deserialize as _;
use serde_json::Value;

use super::run;

fn check(case: &Value) -> Result<(), String> {
    let text = |key: &str| case.get(key).and_then(Value::as_str);
    let equal = |got: &str, want: &str| {
        if got == want {
            Ok(())
        } else {
            Err(format!("got {got}, want {want}"))
        }
    };
    if let Some(wanted) = text("with_ignore") {
        // Go's JSON of the options, as it was printed when the vector was made.
        let mut options: Value = case["options"].clone();
        options["ignore"] = Value::Object(serde_json::Map::new());
        let options = BundleDeploymentOptions::deserialize(options).unwrap();
        return equal(&naming::options_hash(&options), wanted);
    }
    if let Some(error) = text("broken") {
        let resources = Vec::<BundleResource>::deserialize(case["resources"].clone()).unwrap();
        let (name, mut spec) = content::encode(&resources);
        equal(&content::encode(&resources).0, &name)?;
        equal(&name, &format!("s-{}", spec.sha256sum)[..63])?;
        assert_eq!(content::decode(&spec).unwrap(), resources);
        spec.sha256sum = "0".to_owned();
        let got = content::decode(&spec).unwrap_err().to_string();
        return if got.contains(error) { Ok(()) } else { Err(got) };
    }
    if let Some(values) = text("values") {
        let staged = text("staged").unwrap().as_bytes();
        return equal(
            &naming::deployment_values_hash(values.as_bytes(), staged),
            text("hash").unwrap(),
        );
    }
    let spec = BundleSpec::deserialize(case["bundle"].clone()).unwrap();
    let of_targets = spec
        .targets
        .iter()
        .map(|target| (target.name.as_str(), &target.options.helm));
    let data: BTreeMap<String, Bytes> = of_targets
        .chain([("values.yaml", &spec.options.helm)])
        .filter_map(|(key, helm)| {
            let values = helm
                .as_ref()?
                .values
                .as_ref()
                .filter(|values: &&GenericMap| !values.is_empty())?;
            Some((key.to_owned(), Bytes(json::to_vec(values).unwrap())))
        })
        .collect();
    let texts: BTreeMap<&str, &str> = data
        .iter()
        .map(|(key, bytes)| (key.as_str(), std::str::from_utf8(&bytes.0).unwrap()))
        .collect();
    super::same("data", &serde_json::to_value(texts).unwrap(), &case["data"])?;
    let hash = if data.is_empty() {
        String::new()
    } else {
        naming::bundle_values_hash(&data)
    };
    equal(&hash, text("hash").unwrap())
}

#[test]
fn contents_and_values_have_fleets_hashes() {
    run("content", check);
}
