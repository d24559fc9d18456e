//! Names.

use fleet_core::{naming, scan};
use serde_json::{Value, json};

use super::{run, same};

fn check(case: &Value) -> Result<(), String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = |key: &str| case[key].as_array().cloned().unwrap_or_default();
    for row in rows("limit") {
        let length = usize::try_from(row[1].as_u64().unwrap()).unwrap();
        same(&row.to_string(), &json!(naming::limit(&text(&row[0]), length)), &row[2])?;
    }
    for row in rows("release") {
        same(
            &row.to_string(),
            &json!(naming::helm_release_name(&text(&row[0]))),
            &row[1],
        )?;
    }
    for row in rows("concat") {
        let parts: Vec<&str> = row[0]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| part.as_str().unwrap())
            .collect();
        same(&row.to_string(), &json!(naming::safe_concat(&parts)), &row[1])?;
    }
    for row in rows("bundle") {
        same(
            &row.to_string(),
            &json!(scan::bundle_name(&text(&row[0]), &text(&row[1]), None)),
            &row[2],
        )?;
    }
    if let [repo, url, commit, name] = rows("job").as_slice() {
        same(
            "job",
            &json!(naming::git_job_name(&text(repo), &text(url), &text(commit))),
            name,
        )?;
    }
    Ok(())
}

#[test]
fn names_are_fleets() {
    run("naming", check);
}
