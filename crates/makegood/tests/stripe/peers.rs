// SPDX-License-Identifier: MIT OR Apache-2.0
//! Programs that others wrote, which the adapter is tried against: where they are, and running them on this machine only.

use std::io::{BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// The folder into which `cargo xtask test` installs them.
fn folder() -> PathBuf {
    let named = |name: &str| std::env::var_os(name).map(PathBuf::from);
    named("MAKEGOOD_PEERS").unwrap_or_else(|| {
        let cache = named("XDG_CACHE_HOME")
            .or_else(|| named("HOME").map(|home| home.join(".cache")))
            .expect("a home folder");
        cache.join("makegood/peers")
    })
}

/// A file of theirs.
pub fn file(path: &str) -> PathBuf {
    let path = folder().join(path);
    assert!(
        path.exists(),
        "{} is missing; run `cargo xtask test`, which installs it",
        path.display()
    );
    path
}

/// What a Python or Node program prints.
pub fn output(mut command: Command, input: &str) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    pipe.write_all(input.as_bytes()).expect("it reads");
    drop(pipe);
    let output = child.wait_with_output().expect("it ends");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Python with the packages of the peers.
pub fn python(program: &str) -> Command {
    let mut command = Command::new(file("venv/bin/python"));
    command.args(["-c", program]);
    command
}

/// Node with the packages of the peers.
pub fn node(program: &str) -> Command {
    let mut command = Command::new("node");
    command
        .args(["--input-type=commonjs", "-e", program])
        .env("NODE_PATH", file("node_modules"));
    command
}

/// A server of theirs; it is stopped when this is dropped.
pub struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Starts a server that listens on the port it is given, and waits until it does.
    pub fn start(command: impl FnOnce(u16) -> Command) -> Self {
        let port = {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            listener.local_addr().expect("an address").port()
        };
        let mut child = command(port)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        // Their words are shown only if they never listen; read meanwhile, so that no pipe fills up.
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let mut readers = Vec::new();
        if let Some(out) = out {
            readers.push(thread::spawn(move || lines(BufReader::new(out))));
        }
        if let Some(err) = err {
            readers.push(thread::spawn(move || lines(BufReader::new(err))));
        }
        let mut server = Self { child, port };
        let patience = Instant::now() + Duration::from_secs(120);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = server.child.try_wait().expect("a state").is_some();
            if ended || Instant::now() > patience {
                drop(server);
                let said: Vec<String> = readers
                    .into_iter()
                    .map(|reader| reader.join().unwrap_or_default())
                    .collect();
                panic!("the peer never listened: {}", said.join("\n"));
            }
            thread::sleep(Duration::from_millis(100));
        }
        server
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn lines(reader: impl std::io::BufRead) -> String {
    reader
        .lines()
        .map_while(Result::ok)
        .collect::<Vec<_>>()
        .join("\n")
}
