//! Upstream's flags of the commands that we have of it: each is there, with its short form and its default.

use clap::CommandFactory;

use super::Fleet;

/// `-x --long` or `--long`, and the default where there is one. A default of `false` is that of a flag without value.
const FLAGS: &[(&str, &[(&str, &str)])] = &[
    ("", &[("-v --version", ""), ("-h --help", "")]),
    (
        "apply",
        &[
            ("-h --help", ""),
            ("-o --output", ""),
            ("-b --bundle-file", ""),
            ("-f --file", ""),
            ("-l --label", ""),
            ("--targets-file", ""),
            ("-c --compress", "false"),
            ("-a --service-account", ""),
            ("--sync-generation", "0"),
            ("--target-namespace", ""),
            ("--paused", "false"),
            ("--keep-resources", "false"),
            ("--delete-namespace", "false"),
            ("--correct-drift", "false"),
            ("--correct-drift-force", "false"),
            ("--correct-drift-keep-fail-history", "false"),
            ("--commit", ""),
            ("--username", ""),
            ("--password-file", ""),
            ("--cacerts-file", ""),
            ("--ssh-privatekey-file", ""),
            ("--helm-repo-url-regex", ""),
            ("--helm-credentials-by-path-file", ""),
            ("--helm-basic-http", "false"),
            ("--helm-insecure-skip-tls", "false"),
            ("--oci-registry-secret", ""),
            ("--driven-scan", "false"),
            ("--driven-scan-sep", ":"),
            ("--bundle-creation-max-concurrency", "4"),
            ("--imagescan-enabled", "false"),
            ("--debug", "false"),
            ("--debug-level", "0"),
            ("-n --namespace", "fleet-local"),
            ("--kubeconfig", ""),
        ],
    ),
    (
        "target",
        &[
            ("-h --help", ""),
            ("-b --bundle-file", ""),
            ("-n --namespace", ""),
            ("-l --dump-input-list", "false"),
            ("--kubeconfig", ""),
            ("--debug", "false"),
            ("--debug-level", "0"),
            ("--zap-devel", ""),
            ("--zap-encoder", ""),
            ("--zap-log-level", ""),
        ],
    ),
    (
        "deploy",
        &[
            ("-h --help", ""),
            ("-i --input-file", ""),
            ("-d --dry-run", "false"),
            ("-n --namespace", "default"),
            ("--kube-version", ""),
            ("-a --agent-namespace", ""),
            ("--kubeconfig", ""),
            ("--debug", "false"),
            ("--debug-level", "0"),
            ("--zap-devel", ""),
            ("--zap-encoder", ""),
            ("--zap-log-level", ""),
        ],
    ),
    (
        "test",
        &[
            ("-h --help", ""),
            ("-f --file", ""),
            ("-b --bundle-file", ""),
            ("-q --quiet", "false"),
            ("-g --group", ""),
            ("-N --name", ""),
            ("-l --label", ""),
            ("-L --group-label", ""),
            ("-t --target", ""),
        ],
    ),
];

/// Variables of the environment that stand in for flags.
const VARIABLES: &[(&str, &str, &str)] = &[
    ("apply", "commit", "COMMIT"),
    ("apply", "username", "HELM_USERNAME"),
    (
        "apply",
        "bundle-creation-max-concurrency",
        "FLEET_BUNDLE_CREATION_MAX_CONCURRENCY",
    ),
    ("apply", "namespace", "NAMESPACE"),
];

fn command(name: &str) -> clap::Command {
    let mut fleet = Fleet::command();
    fleet.build();
    match name {
        "" => fleet,
        name => fleet.find_subcommand(name).expect("the command is there").clone(),
    }
}

#[test]
fn every_flag_of_upstream_is_there() {
    let mut missing = Vec::new();
    for (name, flags) in FLAGS {
        let command = command(name);
        for (flag, default) in *flags {
            let (short, long) = match flag.split_once(' ') {
                Some((short, long)) => (short.chars().nth(1), long),
                None => (None, *flag),
            };
            let found = command.get_arguments().find(|argument| {
                argument.get_long() == long.strip_prefix("--")
                    && argument.get_short() == short
                    && !argument.is_hide_set()
            });
            let given = found.map(|argument| {
                let values = argument.get_default_values().first();
                let value = values
                    .map(|value| value.to_string_lossy().into_owned())
                    .unwrap_or_default();
                (value, argument.get_action().takes_values())
            });
            // `false` is the default of nothing but a switch.
            match given {
                Some((value, takes_values)) if value == *default && (value == "false") != takes_values => {}
                Some((value, false)) if value.is_empty() && default.is_empty() => {}
                other => missing.push(format!("fleet {name} {flag} [{default}]: {other:?}")),
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn variables_of_upstream_count() {
    for (name, long, variable) in VARIABLES {
        let command = command(name);
        let found = command
            .get_arguments()
            .find(|argument| argument.get_long() == Some(long));
        let found = found.and_then(|argument| argument.get_env());
        assert_eq!(
            found.and_then(|name| name.to_str()),
            Some(*variable),
            "fleet {name} --{long}"
        );
    }
}
