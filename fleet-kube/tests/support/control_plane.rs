//! A real Kubernetes control plane on loopback, for one test: etcd, kube-apiserver, kube-controller-manager, and a
//! stand-in for scheduler and kubelet. It starts in a few seconds, keeps its data in a folder that vanishes, and can
//! have its API server stopped and started again with that data; keys are kept, so tokens stay valid.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use kube::Client;
use kube::config::{KubeConfigOptions, Kubeconfig};

use super::binaries;
use super::kubelet::Kubelet;

/// The administrator's token.
const TOKEN: &str = "administrator-of-tests";
/// How long a program may take to be ready.
const PATIENCE: Duration = Duration::from_secs(90);
/// The controllers that are run: what workloads, namespaces, garbage collection and service accounts need.
const CONTROLLERS: &str = "namespace-controller,serviceaccount-controller,serviceaccount-token-controller,\
    garbage-collector-controller,deployment-controller,replicaset-controller,statefulset-controller,\
    daemonset-controller,job-controller,cronjob-controller,endpoints-controller,endpointslice-controller,\
    root-ca-certificate-publisher-controller,ttl-after-finished-controller";

/// A running control plane; it ends when dropped.
#[derive(Debug)]
pub struct ControlPlane {
    kubelet: Option<Kubelet>,
    controller_manager: Option<Process>,
    api_server: Option<Process>,
    etcd: Option<Process>,
    binaries: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
    etcd_port: u16,
}

/// A program that is ended when dropped.
#[derive(Debug)]
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Not asked politely: an API server whose etcd is gone would linger for an hour.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl ControlPlane {
    /// Starts one, or says in one line why there is none.
    pub async fn start() -> Option<Self> {
        let binaries = binaries::folder()?;
        let [port, etcd_port, peer_port] = free_ports();
        let folder = tempfile::Builder::new()
            .prefix("fleet-control-plane-")
            .tempdir()
            .unwrap();
        let [private, public] = key_pair();
        fs::write(folder.path().join("service-account.pem"), private).unwrap();
        fs::write(folder.path().join("service-account.pub"), public).unwrap();
        fs::write(
            folder.path().join("tokens.csv"),
            format!("{TOKEN},admin,admin,system:masters\n"),
        )
        .unwrap();
        let mut plane = Self {
            kubelet: None,
            controller_manager: None,
            api_server: None,
            etcd: None,
            binaries,
            folder,
            port,
            etcd_port,
        };
        let (client, peer) = (
            format!("http://127.0.0.1:{etcd_port}"),
            format!("http://127.0.0.1:{peer_port}"),
        );
        plane.etcd = Some(plane.run(
            "etcd",
            &[
                format!("--data-dir={}", plane.path("etcd").display()),
                format!("--listen-client-urls={client}"),
                format!("--advertise-client-urls={client}"),
                format!("--listen-peer-urls={peer}"),
                format!("--initial-advertise-peer-urls={peer}"),
                format!("--initial-cluster=default={peer}"),
                "--unsafe-no-fsync".to_owned(),
                "--log-level=error".to_owned(),
            ],
        ));
        plane.start_api_server().await;
        plane.controller_manager = Some(plane.run(
            "kube-controller-manager",
            &[
                format!("--kubeconfig={}", plane.kubeconfig().display()),
                format!(
                    "--service-account-private-key-file={}",
                    plane.path("service-account.pem").display()
                ),
                format!("--root-ca-file={}", plane.path("certificates/apiserver.crt").display()),
                "--use-service-account-credentials=false".to_owned(),
                "--leader-elect=false".to_owned(),
                "--secure-port=0".to_owned(),
                format!("--controllers={CONTROLLERS}"),
            ],
        ));
        plane.kubelet = Some(Kubelet::start(plane.client().await));
        Some(plane)
    }

    /// A client with all rights.
    pub async fn client(&self) -> Client {
        Client::try_from(self.config().await).unwrap()
    }

    /// The administrator's settings; change the token to be someone else.
    pub async fn config(&self) -> kube::Config {
        let file = Kubeconfig::read_from(self.kubeconfig()).unwrap();
        kube::Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
            .await
            .unwrap()
    }

    /// The administrator's kubeconfig, a file that holds all it needs.
    pub fn kubeconfig(&self) -> PathBuf {
        self.path("kubeconfig")
    }

    /// Stops the API server without a word and starts it again with its data.
    pub async fn restart_api_server(&mut self) {
        self.stop_api_server();
        self.start_api_server().await;
    }

    /// Stops the API server; watches break and requests are refused.
    pub fn stop_api_server(&mut self) {
        self.api_server = None;
    }

    /// Starts a stopped API server with its data.
    pub async fn start_api_server(&mut self) {
        let key = |end: &str| self.path(&format!("service-account.{end}")).display().to_string();
        self.api_server = Some(self.run(
            "kube-apiserver",
            &[
                format!("--etcd-servers=http://127.0.0.1:{}", self.etcd_port),
                format!("--secure-port={}", self.port),
                "--bind-address=127.0.0.1".to_owned(),
                format!("--cert-dir={}", self.path("certificates").display()),
                format!("--service-account-key-file={}", key("pub")),
                format!("--service-account-signing-key-file={}", key("pem")),
                "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
                format!("--token-auth-file={}", self.path("tokens.csv").display()),
                "--authorization-mode=RBAC".to_owned(),
                "--allow-privileged=true".to_owned(),
                "--service-cluster-ip-range=10.0.0.0/16".to_owned(),
                // Pods never run here, and need no token.
                "--disable-admission-plugins=ServiceAccount".to_owned(),
                "--max-requests-inflight=2000".to_owned(),
                "--max-mutating-requests-inflight=1000".to_owned(),
            ],
        ));
        let deadline = Instant::now() + PATIENCE;
        loop {
            if self.is_ready().await {
                return;
            }
            let ended = self
                .api_server
                .as_mut()
                .is_some_and(|process| process.0.try_wait().unwrap().is_some());
            assert!(
                !ended && Instant::now() < deadline,
                "kube-apiserver is not ready:\n{}",
                self.log("kube-apiserver")
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The last lines that a program wrote.
    pub fn log(&self, program: &str) -> String {
        let text = fs::read(self.path(&format!("{program}.log"))).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// Whether the API server answers that it is; writes the kubeconfig once its certificate is there.
    async fn is_ready(&self) -> bool {
        let Ok(certificate) = fs::read(self.path("certificates/apiserver.crt")) else {
            return false;
        };
        let certificate = base64::engine::general_purpose::STANDARD.encode(certificate);
        let config = serde_json::json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "admin"}}],
            "users": [{"name": "admin", "user": {"token": TOKEN}}],
            "clusters": [{"name": "test", "cluster": {
                "server": format!("https://127.0.0.1:{}", self.port),
                "certificate-authority-data": certificate,
            }}],
        });
        fs::write(self.kubeconfig(), config.to_string()).unwrap();
        let request = http::Request::get("/readyz").body(Vec::new()).unwrap();
        let answer = self.client().await.request_text(request).await;
        answer.is_ok_and(|text| text == "ok")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, program: &str, arguments: &[String]) -> Process {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.path(&format!("{program}.log")))
            .unwrap();
        let mut command = Command::new(self.binaries.join(program));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        Process(command.spawn().unwrap_or_else(|error| panic!("{program}: {error}")))
    }

    /// The folder with data, keys and logs.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// Ports of loopback that were free a moment ago.
fn free_ports<const N: usize>() -> [u16; N] {
    // All are held until the last is known, so that they differ.
    let listeners = [(); N].map(|()| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

/// A fresh pair of keys that sign and prove tokens of service accounts, as PEM.
fn key_pair() -> [String; 2] {
    use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    [
        pem("PRIVATE KEY", pair.to_pkcs8v1().unwrap().as_ref()),
        pem("PUBLIC KEY", public.as_ref()),
    ]
}

fn pem(kind: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", lines.join("\n"))
}
