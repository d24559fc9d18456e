use super::*;

#[test]
fn limits() {
    for (text, length, limited) in [
        ("1234567", 5, "12345"),
        ("1234567", 6, "123456"),
        ("1234567", 7, "1234567"),
        ("1234567", 8, "1234567"),
        ("12345678", 8, "12345678"),
        ("12345678", 7, "1-25d55"),
        ("123456789", 8, "12-25f9e"),
        ("1-3456789", 8, "1-9b657"),
    ] {
        assert_eq!(limit(text, length), limited, "{text} {length}");
    }
    // A character is never cut in two.
    assert_eq!(limit("ééééé", 7), format!("-{}", &md5_hex("ééééé")[..5]));
}

#[test]
fn release_names() {
    let s53 = "1234567890".repeat(5) + "123";
    let s63 = "1234567890".repeat(6) + "123";
    let seven = "12345678901234567890123456789012345678901234567";
    for (text, name) in [
        (s53.clone(), s53.clone()),
        (s53.clone() + "a", format!("{seven}-fdba4")),
        (s63 + "a", format!("{seven}-eb12d")),
        (s53[..46].to_owned() + "-1234567", format!("{}-d0bce", &seven[..46])),
    ] {
        assert_eq!(helm_release_name(&text), name);
    }
    for (text, name) in [
        (
            "long-name-test-shortpath-with@char",
            "long-name-test-shortpath-with-char-031bab5e",
        ),
        (
            "long-name-test-shortpath-with+char",
            "long-name-test-shortpath-with-char-21c88393",
        ),
        ("long-name-test-0.App_ ", "long-name-test-0-app-5bf6b3fb"),
        (
            "long-name-test--App_-_12.factor",
            "long-name-test-app-12-factor-0efbac37",
        ),
        ("bundle.name.example.com", "bundle-name-example-com-645ef821"),
        ("sample/simple", "sample-simple"),
        ("Sample/Simple", "sample-simple-44bc6e57"),
        ("", "d41d8cd98f00b204e9800998"),
        ("repo/ünicöde-folder", "repo-nic-de-folder-350ce813"),
    ] {
        assert_eq!(helm_release_name(text), name, "{text}");
    }
}

#[test]
fn concatenated_names() {
    let a = |n: usize| "a".repeat(n);
    for (parts, name) in [
        (vec![], String::new()),
        (vec![a(63)], a(63)),
        (vec![a(64)], a(57) + "-ffe05"),
        (
            vec!["first".to_owned(), "second".to_owned(), "third".to_owned()],
            "first-second-third".to_owned(),
        ),
        (vec![a(32), a(32)], a(32) + "-" + &a(24) + "-da5ed"),
        (vec![a(56) + "-aaaaaaa"], a(56) + "-768c62"),
        (vec![a(55) + "--aaaaaaa"], a(55) + "--9e8cfe"),
    ] {
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        assert_eq!(safe_concat(&parts), name);
    }
}

#[test]
fn derived_names() {
    assert_eq!(
        cluster_namespace("fleet-local", "local"),
        "cluster-fleet-local-local-1a3d67d0a899"
    );
    assert_eq!(
        cluster_namespace("fleet-default", "my-cluster"),
        "cluster-fleet-default-my-cluster-147c8d034230"
    );
    assert_eq!(
        cluster_namespace("fleet-local", "cluster-294db1acfa77"),
        "cluster-fleet-local-cluster-294db1acfa77-d9ccf852678f"
    );
    let repository = "https://github.com/rancher/fleet-examples";
    assert_eq!(
        git_job_name("sample", repository, "f934ca4a27d4d33fe88a0f6ee35028b891a2ee1a"),
        "sample-cfc21"
    );
    assert_eq!(git_job_name("gitrepo", repository, "commit"), "gitrepo-b7eaf");
    assert_eq!(key_hash("{}"), "44136fa355b3");
    assert_eq!(
        credential_secret_name("client", "random"),
        "c-8150d44f100d34d77e6d8589694d05645ec40ee2f47982eda19053e416662"
    );
    assert_eq!(
        system_registration_namespace("cattle-fleet-system"),
        "cattle-fleet-clusters-system"
    );
    assert_eq!(system_registration_namespace("my-ns"), "my-ns-clusters-system");
}

#[test]
fn manifests() {
    let resource = |name: &str, content: &str| BundleResource {
        name: name.to_owned(),
        content: content.to_owned(),
        encoding: String::new(),
    };
    let json = manifest_json(&[resource("cm.yaml", "kind: ConfigMap")]);
    assert_eq!(
        manifest_id(&json).id,
        "s-d1ac8097b1bcabb88d07fca2bbea41f4c88f83bbab64776fc2391299b97b4"
    );
    assert_eq!(manifest_json(&[]), b"{}\n");
    let json = manifest_json(&[resource("a", "<&>\u{2028}")]);
    assert_eq!(
        json,
        br#"{"resources":[{"name":"a","content":"\u003c\u0026\u003e\u2028"}]}"#
            .iter()
            .copied()
            .chain(*b"\n")
            .collect::<Vec<u8>>()
    );
}

#[test]
fn deployment_ids() {
    // Recorded when `ignore` was always printed.
    let options: BundleDeploymentOptions = serde_json::from_str(
        r#"{"ignore": {}, "helm": {"values": {"name": "example-value"}, "chart": "config-chart"},
            "diff": {"comparePatches": []}, "correctDrift": {"enabled": true}}"#,
    )
    .unwrap();
    assert_eq!(
        deployment_id("s-1", &options),
        "s-1:c32e813ecbf48f56833aa2267cd3d8758eecc94f9948fb0dea510147a57760b5"
    );
    assert_eq!(manifest_of_deployment("s-1:2"), "s-1");
    assert_eq!(manifest_of_deployment(":2"), "");
}

#[test]
fn values_hashes() {
    let data = [
        ("values.yaml", r#"{"key":"value"}"#),
        ("target", r#"{"newkey":"value"}"#),
    ];
    let data = data.map(|(key, value)| (key.to_owned(), Bytes(value.into()))).into();
    assert_eq!(
        bundle_values_hash(&data),
        "17e05a97acde825d03ca37c2b8fc1aecf3f8f9fde28c21702492c56d4d4a68f1"
    );
    for (values, staged, hash) in [
        (
            r#"{"key":"value"}"#,
            "",
            "e43abcf3375244839c012f9633f95862d232a95b00d5bc7348b3098b9fed7f32",
        ),
        (
            r#"{"key":"value"}"#,
            r#"{"newkey":"value"}"#,
            "01c44d8a446abccb870503db292e07cb2b8da135b6fec52b21048bdab8c84a7c",
        ),
    ] {
        assert_eq!(deployment_values_hash(values.as_bytes(), staged.as_bytes()), hash);
    }
    for (values, staged, beginning) in [
        ("", "", "e3b0c442"),
        ("test", "", "9f86d081"),
        ("{}", "", "44136fa3"),
        ("{}", "{}", "b51f08b6"),
    ] {
        assert!(deployment_values_hash(values.as_bytes(), staged.as_bytes()).starts_with(beginning));
    }
}
