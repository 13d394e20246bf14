// SPDX-License-Identifier: MIT OR Apache-2.0
//! A server on the loopback that receives and behaves as it is told.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How it answers.
#[derive(Clone, Debug)]
pub enum Manner {
    /// With this status.
    Status(u16),
    /// With this status and `Retry-After`.
    RetryAfter(u16, String),
    /// With 200 and this body.
    Body(Vec<u8>),
    /// With 307 to there.
    Redirect(String),
    /// With a body that does not end.
    Endless,
    /// With a body that breaks off.
    BreaksOff,
    /// With a body that comes a byte at a time.
    Drips,
    /// Never.
    Hangs,
    /// By closing the connection.
    Closes,
}

/// A request that came.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The address that it came to.
    pub to: IpAddr,
    /// The path.
    pub path: String,
    /// Its headers, in small letters.
    pub headers: BTreeMap<String, String>,
    /// Its body.
    pub body: Vec<u8>,
}

/// A running server. It ends with the test.
pub struct Receiver {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<Seen>>>,
    manner: Arc<Mutex<Manner>>,
    task: JoinHandle<()>,
}

impl Receiver {
    /// Listens on all of the loopback, on a free port. On Linux every address of 127.0.0.0/8 is this machine.
    pub async fn start(manner: Manner) -> Self {
        // 0.0.0.0 would be reachable from elsewhere; two listeners on one port are enough for the tests.
        let first = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = first.local_addr().expect("an address");
        let second = TcpListener::bind(("127.0.0.2", address.port())).await.ok();
        let connections = Arc::new(AtomicUsize::new(0));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let manner = Arc::new(Mutex::new(manner));
        let task = {
            let (connections, seen, manner) = (connections.clone(), seen.clone(), manner.clone());
            tokio::spawn(async move {
                loop {
                    let stream = tokio::select! {
                        accepted = first.accept() => accepted,
                        accepted = accept(second.as_ref()) => accepted,
                    };
                    let Ok((stream, _)) = stream else { return };
                    connections.fetch_add(1, Ordering::SeqCst);
                    tokio::spawn(serve(stream, seen.clone(), manner.clone()));
                }
            })
        };
        Self {
            address,
            connections,
            seen,
            manner,
            task,
        }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("a whole lock").clone()
    }

    /// Answers so from now on.
    pub fn behave(&self, manner: Manner) {
        *self.manner.lock().expect("a whole lock") = manner;
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: Option<&TcpListener>) -> std::io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// Serves a single request, then closes: no connection is used again, so each try is seen.
async fn serve(
    mut stream: TcpStream,
    seen: Arc<Mutex<Vec<Seen>>>,
    manner: Arc<Mutex<Manner>>,
) -> Option<()> {
    let to = stream.local_addr().ok()?.ip();
    let request = read(&mut stream, to).await?;
    seen.lock().expect("a whole lock").push(request);
    let manner = manner.lock().expect("a whole lock").clone();
    let plain = |status: u16, more: &str, body: &[u8]| {
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n{more}\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    };
    let endless = b"HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = [b"400\r\n".as_slice(), &[b'x'; 1024], b"\r\n"].concat();
    match manner {
        Manner::Status(status) => stream.write_all(&plain(status, "", b"said")).await.ok()?,
        Manner::RetryAfter(status, value) => {
            let header = format!("retry-after: {value}\r\n");
            stream.write_all(&plain(status, &header, b"")).await.ok()?;
        }
        Manner::Body(body) => stream.write_all(&plain(200, "", &body)).await.ok()?,
        Manner::Redirect(to) => {
            let header = format!("location: {to}\r\n");
            stream.write_all(&plain(307, &header, b"")).await.ok()?;
        }
        Manner::Endless => {
            stream.write_all(endless).await.ok()?;
            loop {
                stream.write_all(&chunk).await.ok()?;
            }
        }
        Manner::BreaksOff => {
            stream.write_all(endless).await.ok()?;
            stream.write_all(b"400\r\nxxx").await.ok()?;
        }
        Manner::Drips => {
            stream.write_all(endless).await.ok()?;
            loop {
                stream.write_all(b"1\r\nx\r\n").await.ok()?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Manner::Hangs => std::future::pending().await,
        Manner::Closes => {}
    }
    stream.shutdown().await.ok()
}

async fn read(stream: &mut TcpStream, to: IpAddr) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head = loop {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.ok()?;
        if read == 0 {
            return None;
        }
        bytes.extend_from_slice(&buffer[..read]);
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
    };
    let mut body = bytes.split_off(head + 4);
    let text = String::from_utf8(bytes).ok()?;
    let mut lines = text.lines();
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: BTreeMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers
        .get("content-length")
        .map_or(0, |text| text.parse().expect("a length"));
    while body.len() < length {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.ok()?;
        if read == 0 {
            return None;
        }
        body.extend_from_slice(&buffer[..read]);
    }
    Some(Seen {
        to,
        path,
        headers,
        body,
    })
}
