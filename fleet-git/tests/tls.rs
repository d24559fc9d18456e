//! Certificates: a server of `openssl s_server`, which speaks http and no git; what is looked at is whether the
//! client gets so far. Without openssl the test says so and passes.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used)]

use std::process::{Child, Command, Stdio};

use fleet_core::source::{Source, SourceError, SourceReference};
use fleet_git::Git;

mod support;

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn certificates() {
    let folder = tempfile::tempdir().unwrap();
    let openssl = |arguments: &[&str]| {
        let mut command = Command::new("openssl");
        command
            .current_dir(folder.path())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command.stderr(Stdio::null());
        command
    };
    let request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext \
                   subjectAltName=DNS:localhost -addext basicConstraints=critical,CA:FALSE -keyout key.pem -out cert.pem";
    let made = openssl(&request.split_whitespace().collect::<Vec<_>>()).status();
    if !made.is_ok_and(|status| status.success()) {
        support::say("skipped: openssl is not installed");
        return;
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let accept = format!("127.0.0.1:{port}");
    let serve = [
        "s_server", "-www", "-cert", "cert.pem", "-key", "key.pem", "-accept", &accept,
    ];
    let _server = Server(openssl(&serve).spawn().unwrap());
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let source = Git::builder().build().unwrap();
    let plain = SourceReference::new(format!("https://localhost:{port}/a.git"));
    let error = source.resolve(&plain).await.unwrap_err();
    assert!(matches!(error, SourceError::Untrusted { .. }), "{error}");

    let mut trusting = plain.clone();
    trusting.certificate_authorities = Some(std::fs::read(folder.path().join("cert.pem")).unwrap());
    let mut careless = plain.clone();
    careless.insecure_skip_tls_verify = true;
    for reference in [trusting, careless] {
        let error = source.resolve(&reference).await.unwrap_err();
        assert!(error.to_string().contains("smart"), "{error:?}");
    }
    let mut nonsense = plain;
    nonsense.certificate_authorities = Some(b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n".to_vec());
    let error = source.resolve(&nonsense).await.unwrap_err();
    assert!(
        matches!(
            error,
            SourceError::Untrusted { .. } | SourceError::InvalidCredentials { .. }
        ),
        "{error:?}"
    );
}
