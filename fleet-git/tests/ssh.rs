//! Repositories over ssh, against a real sshd on loopback. Without sshd the test says so and passes.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use fleet_core::source::{Credentials, Source, SourceError, SourceReference};
use fleet_git::Git;
use support::{Repository, listing, say};

struct Sshd {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn keygen(path: &Path) {
    let status = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(path)
        .status()
        .unwrap();
    assert!(status.success());
}

impl Sshd {
    /// A server that knows one key, or nothing where there is no sshd.
    fn start() -> Option<Self> {
        let places = std::env::var("PATH").unwrap_or_default();
        let places = places.split(':').chain(["/usr/sbin", "/usr/local/sbin"]);
        let program = places
            .map(|folder| PathBuf::from(folder).join("sshd"))
            .find(|path| path.is_file())?;
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name);
        ["host", "client", "stranger", "other"]
            .iter()
            .for_each(|name| keygen(&file(name)));
        std::fs::copy(file("client.pub"), file("authorized_keys")).unwrap();
        let _ = std::fs::create_dir("/run/sshd");
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\n\
             StrictModes no\nPasswordAuthentication no\nPermitRootLogin yes\nAcceptEnv GIT_PROTOCOL\n",
            file("host").display(),
            file("authorized_keys").display(),
        );
        std::fs::write(file("config"), config).unwrap();
        let mut command = Command::new(program);
        command
            .args(["-D", "-e", "-f"])
            .arg(file("config"))
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        let sshd = Self {
            child: command.spawn().unwrap(),
            folder,
            port,
        };
        for _ in 0..100 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(sshd);
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("sshd does not listen");
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    fn known_hosts(&self, key: &str) -> String {
        format!("[127.0.0.1]:{} {}", self.port, self.read(key))
    }

    fn credentials(&self, key: &str, known_hosts: Option<String>) -> Credentials {
        Credentials::Ssh {
            private_key: self.read(key).into(),
            known_hosts,
        }
    }
}

#[tokio::test]
async fn ssh() {
    let Some(sshd) = Sshd::start() else {
        say("skipped: sshd is not installed");
        return;
    };
    let repository = Repository::with(&[("a", "1")]);
    let user = std::env::var("USER").unwrap_or_else(|_| "root".to_owned());
    let url = format!("ssh://{user}@127.0.0.1:{}{}", sshd.port, repository.address());
    let source = Git::builder().build().unwrap();
    let at = |credentials| SourceReference::new(url.clone()).with_credentials(credentials);
    let known = Some(sshd.known_hosts("host.pub"));

    let good = at(sshd.credentials("client", known.clone()));
    let revision = source.resolve(&good).await.unwrap();
    assert_eq!(
        listing(&source.tree(&good, &revision).await.unwrap()),
        [r#"a file "1""#]
    );

    // Host keys of the reference count where the secret has none; without any, only if that is permitted.
    let mut reference = at(sshd.credentials("client", None));
    let error = source.resolve(&reference).await.unwrap_err();
    assert!(error.to_string().contains("no known_hosts data was found"), "{error}");
    reference.known_hosts = known.clone();
    assert_eq!(source.resolve(&reference).await.unwrap(), revision);
    let mut careless = at(sshd.credentials("client", Some(sshd.known_hosts("other.pub"))));
    let error = source.resolve(&careless).await.unwrap_err();
    assert!(matches!(error, SourceError::Untrusted { .. }), "{error}");
    careless.insecure_skip_host_key_checks = true;
    assert_eq!(source.resolve(&careless).await.unwrap(), revision);

    let error = source
        .resolve(&at(sshd.credentials("stranger", known.clone())))
        .await
        .unwrap_err();
    assert!(matches!(error, SourceError::Authentication { .. }), "{error}");
    let nonsense = Credentials::Ssh {
        private_key: "no key".into(),
        known_hosts: known.clone(),
    };
    let error = source.resolve(&at(nonsense)).await.unwrap_err();
    assert!(matches!(error, SourceError::Authentication { .. }), "{error}");
    let error = source.resolve(&SourceReference::new(url.clone())).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "SSH private key file is required for SSH/SCP-style URLs"
    );

    let mut absent = good.clone();
    absent.repository = format!("ssh://{user}@127.0.0.1:{}/nowhere", sshd.port);
    let error = source.resolve(&absent).await.unwrap_err();
    assert!(matches!(error, SourceError::RepositoryMissing { .. }), "{error}");
    let error = source.resolve(&good.clone().with_branch("nope")).await.unwrap_err();
    assert_eq!(error.to_string(), "commit not found for branch: nope");

    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let mut closed = good;
    closed.repository = format!("ssh://{user}@127.0.0.1:{port}/a");
    let error = source.resolve(&closed).await.unwrap_err();
    assert!(matches!(error, SourceError::Unreachable { .. }), "{error}");
}
