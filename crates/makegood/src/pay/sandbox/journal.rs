// SPDX-License-Identifier: MIT OR Apache-2.0
//! The journal of a sandbox that outlives its process: every call that can leave a trace, on the disk before it is answered.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::call::{Call, Method};
use super::world::World;

const VERSION: u32 = 1;

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    makegood_sandbox: u32,
    seed: u64,
}

/// What stands in a line: something that came in, and when.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Call {
        at: i64,
        method: String,
        path: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        query: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        content_type: String,
        body: String,
    },
    Webhook {
        at: i64,
        due: i64,
        number: u64,
        arrived: bool,
    },
}

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    file: File,
    /// A line may have been written in part, so nothing may follow it.
    broken: bool,
}

/// What is remembered between two runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    /// A call.
    Call(&'a Call),
    /// What became of a webhook.
    Webhook {
        /// When it was due.
        due: i64,
        /// Its number.
        number: u64,
        /// Whether it arrived.
        arrived: bool,
    },
}

impl Journal {
    /// Opens a journal, making it where there is none, and brings the world back that it tells of.
    ///
    /// # Errors
    /// When the file cannot be read or written, or is no journal of this version.
    pub fn open(path: &Path, seed: u64) -> io::Result<(Self, World)> {
        let text = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(cause) => return Err(cause),
        };
        // A line without its end was never answered: the process died while writing it.
        let whole = text
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        let lines = text.get(..whole).unwrap_or_default();
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)?;
        file.set_len(u64::try_from(whole).unwrap_or(0))?;
        io::Seek::seek(&mut file, io::SeekFrom::End(0))?;
        let mut journal = Self {
            file,
            broken: false,
        };
        if lines.is_empty() {
            let head = Head {
                makegood_sandbox: VERSION,
                seed,
            };
            journal.write(&serde_json::to_vec(&head)?)?;
            return Ok((journal, World::new(seed)));
        }
        Ok((journal, world_of(lines)?))
    }

    /// Writes down what came in; it is on the disk when this returns.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn keep(&mut self, at: i64, entry: &Entry<'_>) -> io::Result<()> {
        let line = match entry {
            Entry::Call(call) => Line::Call {
                at,
                method: call.method.word().to_owned(),
                path: call.path.clone(),
                query: call.query.clone(),
                key: call.idempotency_key.clone(),
                content_type: call.content_type.clone(),
                body: STANDARD.encode(&call.body),
            },
            Entry::Webhook {
                due,
                number,
                arrived,
            } => Line::Webhook {
                at,
                due: *due,
                number: *number,
                arrived: *arrived,
            },
        };
        self.write(&serde_json::to_vec(&line)?)
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let mut whole = line.to_vec();
        whole.push(b'\n');
        if self.broken {
            return Err(io::Error::other("an earlier line could not be written"));
        }
        let written = self
            .file
            .write_all(&whole)
            .and_then(|()| self.file.sync_data());
        self.broken = written.is_err();
        written
    }
}

fn world_of(lines: &[u8]) -> io::Result<World> {
    let mut lines = lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    let unreadable = |cause: &str| {
        let words = format!(
            "this is no journal of a sandbox of this version ({cause}); remove it to begin anew"
        );
        io::Error::new(io::ErrorKind::InvalidData, words)
    };
    let head: Head = serde_json::from_slice(lines.next().unwrap_or_default())
        .map_err(|cause| unreadable(&cause.to_string()))?;
    if head.makegood_sandbox != VERSION {
        return Err(unreadable(&format!("version {}", head.makegood_sandbox)));
    }
    let mut world = World::new(head.seed);
    for (place, line) in lines.enumerate() {
        let bad = |cause: String| unreadable(&format!("line {}: {cause}", place + 2));
        let line: Line = serde_json::from_slice(line).map_err(|cause| bad(cause.to_string()))?;
        replay(&mut world, line).map_err(bad)?;
    }
    Ok(world)
}

fn replay(world: &mut World, line: Line) -> Result<(), String> {
    match line {
        Line::Call {
            at,
            method,
            path,
            query,
            key,
            content_type,
            body,
        } => {
            let method = Method::of(&method).ok_or_else(|| format!("method {method}"))?;
            // Whoever called was let in then, and keys to the door are not written down.
            let mut call = Call::new(method, &path);
            call.query = query;
            call.idempotency_key = key;
            call.content_type = content_type;
            call.body = STANDARD.decode(body).map_err(|cause| cause.to_string())?;
            world.call(at, &call);
        }
        Line::Webhook {
            at,
            due,
            number,
            arrived,
        } => {
            world.pass_to(at);
            world.webhook_ended(due, number, arrived);
        }
    }
    Ok(())
}
