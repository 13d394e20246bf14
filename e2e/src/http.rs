// SPDX-License-Identifier: MIT OR Apache-2.0
//! A client as plain as can be: one connection, one call at a time, and the difference between an answer and none.

use std::fmt;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Longest wait for an answer. A program that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names in small letters, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; `null` where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(held, _)| held == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, String::from_utf8_lossy(&self.body))
    }
}

/// Somebody who calls one program.
pub struct Client {
    address: SocketAddr,
    token: Option<String>,
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    /// Somebody who calls here.
    #[must_use]
    pub fn new(address: SocketAddr, token: Option<&str>) -> Self {
        Self {
            address,
            token: token.map(str::to_owned),
            connection: None,
        }
    }

    /// Asks for something.
    ///
    /// # Errors
    /// No answer came.
    pub fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.call("GET", path, &[], None)
    }

    /// Sends JSON, under a key where one is given.
    ///
    /// # Errors
    /// No whole answer came: what was asked for may have happened or not.
    pub fn post(&mut self, path: &str, key: Option<&str>, body: &Value) -> io::Result<Answer> {
        let key = key.map(|key| ("idempotency-key", key));
        let headers: Vec<_> = key.into_iter().collect();
        let body = body.to_string();
        self.call(
            "POST",
            path,
            &headers,
            Some(("application/json", body.as_bytes())),
        )
    }

    /// Calls. A connection that turns out to be closed is made anew only before anything was sent over it.
    ///
    /// # Errors
    /// No whole answer came.
    pub fn call(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<(&str, &[u8])>,
    ) -> io::Result<Answer> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(self.address)?,
        };
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\n", self.address);
        if let Some(token) = &self.token {
            head.push_str(&format!("authorization: Bearer {token}\r\n"));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let content = body.map_or(&b""[..], |(_, content)| content);
        if let Some((kind, content)) = body {
            head.push_str(&format!(
                "content-type: {kind}\r\ncontent-length: {}\r\n",
                content.len()
            ));
        }
        head.push_str("\r\n");
        let mut message = head.into_bytes();
        message.extend_from_slice(content);
        connection.get_mut().write_all(&message)?;
        let (answer, goes_on) = read(&mut connection)?;
        if goes_on {
            self.connection = Some(connection);
        }
        Ok(answer)
    }
}

fn connect(address: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(BufReader::new(stream))
}

fn read(from: &mut BufReader<TcpStream>) -> io::Result<(Answer, bool)> {
    let first = line(from)?;
    let status = first.split(' ').nth(1).and_then(|word| word.parse().ok());
    let status = status.ok_or_else(|| odd("a first line without a status"))?;
    let mut headers = Vec::new();
    loop {
        let line = line(from)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| odd("a header"))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let value = |wanted: &str| {
        let found = headers.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.to_ascii_lowercase())
    };
    let closes = value("connection").is_some_and(|value| value == "close");
    let body = if value("transfer-encoding").is_some_and(|value| value == "chunked") {
        chunks(from)?
    } else {
        let length = value("content-length").and_then(|value| value.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        from.read_exact(&mut body)?;
        body
    };
    let answer = Answer {
        status,
        headers,
        body,
    };
    Ok((answer, !closes))
}

fn chunks(from: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = line(from)?;
        let size = usize::from_str_radix(size.split(';').next().unwrap_or_default(), 16);
        let size = size.map_err(|_| odd("the size of a chunk"))?;
        let start = body.len();
        body.resize(start.saturating_add(size), 0);
        from.read_exact(body.get_mut(start..).unwrap_or_default())?;
        line(from)?;
        if size == 0 {
            return Ok(body);
        }
    }
}

fn line(from: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    if from.read_line(&mut line)? == 0 || !line.ends_with('\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end().to_owned())
}

fn odd(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("no HTTP: {what}"))
}
