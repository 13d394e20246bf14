// SPDX-License-Identifier: MIT OR Apache-2.0
//! Servers that others wrote, started on this machine only and stopped with the test.

use std::io::BufReader;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

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
