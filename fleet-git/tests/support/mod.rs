//! Real repositories made by the git program, and a small http server in front of git's own CGI program.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use fleet_core::tree::{Mode, Tree};

mod repository;

pub use repository::{Repository, git};

/// Writes a line that the test harness does not hold back, as it does with `eprintln!`.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// The tree as text: one line a file.
pub fn listing(tree: &Tree) -> Vec<String> {
    tree.iter()
        .map(|(path, entry)| {
            let mode = match entry.mode {
                Mode::File => "file",
                Mode::Executable => "executable",
                Mode::Symlink => "symlink",
            };
            format!("{path} {mode} {:?}", String::from_utf8_lossy(&entry.content))
        })
        .collect()
}

/// What a request was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub authorization: Option<String>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn is_fetch(&self) -> bool {
        String::from_utf8_lossy(&self.body).contains("command=fetch")
    }
}

/// Serves the repositories under a folder by http, until dropped.
#[derive(Debug)]
pub struct Server {
    pub address: String,
    requests: Arc<Mutex<Vec<Request>>>,
    password: Arc<Mutex<Option<String>>>,
    stop: Arc<Mutex<bool>>,
    port: u16,
}

impl Server {
    /// `git_config` are settings for the server side, such as `uploadpack.allowAnySHA1InWant=false`.
    pub fn start(root: &Path, git_config: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Self {
            address: format!("http://127.0.0.1:{port}"),
            requests: Arc::default(),
            password: Arc::default(),
            stop: Arc::default(),
            port,
        };
        let (requests, password, stop) = (
            Arc::clone(&server.requests),
            Arc::clone(&server.password),
            Arc::clone(&server.stop),
        );
        let root = root.to_path_buf();
        let config: Vec<(String, String)> = git_config
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if *stop.lock().unwrap() {
                    break;
                }
                let (root, config) = (root.clone(), config.clone());
                let (requests, password) = (Arc::clone(&requests), Arc::clone(&password));
                std::thread::spawn(move || serve(stream.unwrap(), &root, &config, &requests, &password));
            }
        });
        server
    }

    /// From now on, wants this `user:password`.
    pub fn require(&self, user_and_password: &str) {
        *self.password.lock().unwrap() = Some(base64(user_and_password.as_bytes()));
    }

    /// Requests since the last call.
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut *self.requests.lock().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        *self.stop.lock().unwrap() = true;
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn serve(
    stream: TcpStream,
    root: &Path,
    config: &[(String, String)],
    requests: &Mutex<Vec<Request>>,
    password: &Mutex<Option<String>>,
) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else {
            break;
        };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let mut body = Vec::new();
    if let Some(length) = headers.get("content-length") {
        body.resize(length.parse().ok()?, 0);
        reader.read_exact(&mut body).ok()?;
    } else if headers.get("transfer-encoding").is_some_and(|value| value == "chunked") {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).ok()?;
            let size = usize::from_str_radix(size.trim(), 16).ok()?;
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk).ok()?;
            body.extend_from_slice(&chunk[..size]);
            if size == 0 {
                break;
            }
        }
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    requests.lock().unwrap().push(Request {
        method: method.clone(),
        path: path.to_owned(),
        authorization: headers.get("authorization").cloned(),
        body: body.clone(),
    });
    let wanted = password.lock().unwrap().clone();
    if let Some(wanted) = wanted
        && headers.get("authorization") != Some(&format!("Basic {wanted}"))
    {
        let refusal = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"git\"\r\nContent-Length: 0\r\n\
                       Connection: close\r\n\r\n";
        stream.write_all(refusal.as_bytes()).ok()?;
        return Some(());
    }
    let mut command = Command::new("git");
    command
        .arg("http-backend")
        .env_clear()
        .env("PATH", std::env::var_os("PATH")?);
    command.env("GIT_CONFIG_COUNT", config.len().to_string());
    for (index, (key, value)) in config.iter().enumerate() {
        command
            .env(format!("GIT_CONFIG_KEY_{index}"), key)
            .env(format!("GIT_CONFIG_VALUE_{index}"), value);
    }
    command
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", &method)
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env(
            "CONTENT_TYPE",
            headers.get("content-type").map(String::as_str).unwrap_or(""),
        )
        .env("CONTENT_LENGTH", body.len().to_string())
        .env(
            "GIT_PROTOCOL",
            // Without it, the server speaks version 0, where it can refuse commits that no branch names.
            headers
                .get("git-protocol")
                .filter(|_| config.is_empty())
                .map(String::as_str)
                .unwrap_or(""),
        )
        .env(
            "HTTP_CONTENT_ENCODING",
            headers.get("content-encoding").map(String::as_str).unwrap_or(""),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let mut stdin = child.stdin.take()?;
    std::thread::spawn(move || stdin.write_all(&body));
    let mut output = Vec::new();
    child.stdout.take()?.read_to_end(&mut output).ok()?;
    child.wait().ok()?;
    let end = output.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&output[..end]).into_owned();
    let body = &output[end + 4..];
    let status = head
        .lines()
        .find_map(|line| line.strip_prefix("Status: "))
        .unwrap_or("200 OK");
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n",
        body.len()
    )
    .ok()?;
    for line in head.lines().filter(|line| !line.starts_with("Status: ")) {
        write!(stream, "{line}\r\n").ok()?;
    }
    stream.write_all(b"\r\n").ok()?;
    stream.write_all(body).ok()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let value = chunk.iter().fold(0_u32, |value, byte| value << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let digit = char::from(DIGITS[(value >> (18 - 6 * place)) as usize & 63]);
            text.push(if place <= chunk.len() { digit } else { '=' });
        }
    }
    text
}

/// A folder with bare copies of repositories, as a server has them.
#[derive(Debug)]
pub struct Bare {
    pub folder: tempfile::TempDir,
}

impl Bare {
    pub fn of(repositories: &[(&str, &Repository)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, repository) in repositories {
            git(
                folder.path(),
                &["clone", "--quiet", "--bare", &repository.address(), name],
            );
        }
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Pushes all branches and tags of a repository, by force.
    pub fn push(&self, name: &str, repository: &Repository) {
        let target = self.path(name).display().to_string();
        repository.git(&["push", "--quiet", "--force", "--all", &target]);
        repository.git(&["push", "--quiet", "--force", "--tags", &target]);
    }
}
