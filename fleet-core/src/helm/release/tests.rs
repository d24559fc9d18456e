//! Records of both generations of Helm, written and read.

use serde_json::json;

use super::*;

#[test]
fn a_record_of_helm_4_keeps_every_field_and_its_order() {
    let text = concat!(
        r#"{"name":"rel","info":{"first_deployed":"2026-11-22T16:24:27.263198185Z","#,
        r#""last_deployed":"2026-11-22T16:24:27.263198185Z","description":"Install complete","status":"deployed","#,
        r#""notes":"hi\n"},"chart":{"metadata":{"name":"t","version":"0.1.0","apiVersion":"v2","appVersion":"1"},"#,
        r#""lock":null,"templates":[{"name":"templates/a.yaml","data":"cg==","modtime":"1970-01-01T00:00:00Z"}],"#,
        r#""values":{"a":1},"schema":null,"schemamodtime":"0001-01-01T00:00:00Z","files":null,"#,
        r#""modtime":"1970-01-01T00:00:00Z"},"config":{"a":2},"manifest":"---\n","hooks":[{"name":"hook","#,
        r#""kind":"ConfigMap","path":"t/templates/hook.yaml","manifest":"x","events":["pre-install","test"],"#,
        r#""last_run":{"started_at":"2026-11-22T16:24:27.711Z","phase":"Failed"},"weight":5,"#,
        r#""delete_policies":["before-hook-creation","odd"]}],"version":1,"namespace":"ns1","apply_method":"ssa"}"#,
    );
    let release: Release = serde_json::from_str(text).expect("the record is valid");
    assert_eq!(serde_json::to_string(&release).expect("it can be written"), text);
    assert_eq!(release.hooks[0].events, [HookEvent::PreInstall, HookEvent::Test]);
    assert!(release.is_server_side());
    assert_eq!(
        decode(&encode(&release).expect("it encodes")).expect("it decodes"),
        release
    );
}

#[test]
fn a_record_of_helm_3_is_read() {
    let record = json!({
        "name": "old", "version": 3, "namespace": "ns", "hooks": null, "config": null,
        "info": {"first_deployed": "2021-03-04T05:06:07.1+02:00", "last_deployed": "2021-03-04T05:06:07Z", "deleted": "",
            "status": "superseded"},
        "chart": {"metadata": {"name": "c", "version": "1"}, "lock": null, "templates": null, "values": null,
            "schema": null, "files": []},
    });
    let release: Release = serde_json::from_value(record).expect("the record is valid");
    assert_eq!(release.info.deleted, None);
    assert_eq!(release.info.status, ReleaseStatus::Superseded);
    assert!(!release.is_server_side());
    assert_eq!(
        release.info.first_deployed.expect("it is set").to_string(),
        "2021-03-04T03:06:07.1Z"
    );
}

#[test]
fn plain_json_is_read_and_junk_is_refused() {
    use base64::Engine as _;
    let plain = base64::engine::general_purpose::STANDARD.encode(r#"{"name":"x"}"#);
    assert_eq!(decode(plain.as_bytes()).expect("plain JSON is a record").name, "x");
    assert!(matches!(decode(b"%%%"), Err(ReleaseError::Base64(_))));
    let half = base64::engine::general_purpose::STANDARD.encode([0x1f, 0x8b, 0x08, 0]);
    assert!(matches!(decode(half.as_bytes()), Err(ReleaseError::Gzip(_))));
    assert!(matches!(decode(b""), Err(ReleaseError::Json(_))));
}

#[test]
fn names_and_labels() {
    let mut release = Release {
        name: "web".into(),
        version: 2,
        ..Release::default()
    };
    release.info.status = ReleaseStatus::PendingUpgrade;
    release.labels.insert("team".into(), "a".into());
    assert_eq!(storage::secret_name("web", 2), "sh.helm.release.v1.web.v2");
    let labels = storage::labels(&release, storage::Write::Create, 17);
    let text: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    assert_eq!(
        text.join(","),
        "createdAt=17,name=web,owner=helm,status=pending-upgrade,team=a,version=2"
    );
    assert_eq!(storage::custom_labels(&labels), release.labels);
}
