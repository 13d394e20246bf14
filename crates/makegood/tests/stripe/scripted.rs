// SPDX-License-Identifier: MIT OR Apache-2.0
//! A server on this machine that answers each connection as it is told, to the byte, and keeps what it was sent.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What happens to one request.
#[derive(Clone, Debug)]
pub enum Turn {
    /// These bytes, then the connection is closed.
    Bytes(Vec<u8>),
    /// The connection is closed without a word.
    Close,
    /// The connection is reset.
    Reset,
    /// Nothing, until the client gives up.
    Silence,
}

/// An answer with a JSON body.
pub fn json(status: u16, body: &str) -> Turn {
    with_headers(status, "", body)
}

/// The same, with more headers (each line ends with `\r\n`).
pub fn with_headers(status: u16, headers: &str, body: &str) -> Turn {
    let length = body.len();
    Turn::Bytes(
        format!(
            "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
        .into_bytes(),
    )
}

/// The server; it stops when it is dropped.
pub struct Scripted {
    address: SocketAddr,
    received: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Scripted {
    /// Takes its turns in order; whoever comes after the last one is cut off.
    pub fn start(turns: Vec<Turn>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let received = Arc::new(Mutex::new(Vec::new()));
        let over = Arc::new(AtomicBool::new(false));
        let (kept, stop) = (Arc::clone(&received), Arc::clone(&over));
        let thread = thread::spawn(move || {
            let mut turns = VecDeque::from(turns);
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let turn = turns.pop_front().unwrap_or(Turn::Close);
                if let Ok(stream) = stream {
                    take_turn(stream, &turn, &kept, &stop);
                }
            }
        });
        Self {
            address,
            received,
            over,
            thread: Some(thread),
        }
    }

    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far: head and body.
    pub fn received(&self) -> Vec<String> {
        self.received.lock().expect("no panic").clone()
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn take_turn(mut stream: TcpStream, turn: &Turn, kept: &Mutex<Vec<String>>, stop: &AtomicBool) {
    // A client that keeps its connection must not hold the test up.
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let request = read_request(&mut stream);
    kept.lock().expect("no panic").push(request);
    match turn {
        Turn::Bytes(bytes) => {
            let _ = stream.write_all(bytes);
            let _ = stream.shutdown(Shutdown::Write);
            // Reading to the end, so that closing does not reset what is still on its way.
            let _ = stream.read(&mut [0; 64]);
        }
        Turn::Close => {}
        // Closing with something unread resets; and half a request is left unread on purpose.
        Turn::Reset => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 400\r\n\r\n{\"id\":");
        }
        Turn::Silence => {
            let _ = stream.set_read_timeout(Some(Duration::from_millis(50)));
            let mut byte = [0];
            while !stop.load(Ordering::SeqCst) {
                match stream.read(&mut byte) {
                    Ok(0) => return,
                    Ok(_) => {}
                    Err(error)
                        if matches!(
                            error.kind(),
                            std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                        ) => {}
                    Err(_) => return,
                }
            }
        }
    }
}

/// Head and body of a request, the body by its length.
fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .and_then(|(_, value)| value.trim().parse().ok())
                .unwrap_or(0);
            if body.len() >= length {
                return text;
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return text,
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
        }
    }
}
