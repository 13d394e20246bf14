// SPDX-License-Identifier: MIT OR Apache-2.0
//! A batch of any length, line by line: taken in as it comes, answered in the same order, in the memory of a few lines.
//!
//! A line is durable when it is answered. Nothing more is read while answers wait to be fetched, so whoever sends too fast is
//! held back by their own connection.

use std::fmt::Display;
use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};
use serde_json::json;

use super::line::{LINE_MOST, Line, Wrong, read};
use super::{Intake, Outcome};
use crate::clock::Clock;

/// Most lines that share a transaction.
const LINES_MOST: usize = 2_000;
/// About as many bytes of lines are gathered before they are taken in.
const BYTES_MOST: usize = 1 << 20;

/// Takes lines in as they come, and gives a line of JSON for each: `{"line": 1, "result": "new"}`. Where the store fails or the
/// body breaks off, a last line says from where on nothing was taken in.
pub fn answers<B, E>(intake: Intake, clock: Clock, body: B) -> impl Stream<Item = Bytes> + Send
where
    B: Stream<Item = Result<Bytes, E>> + Send + 'static,
    E: Display + Send + 'static,
{
    let state = Coming {
        body: Box::pin(body),
        cut: Cutter::default(),
        done: 0,
        ended: false,
        broken: None,
    };
    stream::unfold(
        (intake, clock, state),
        |(intake, clock, mut state)| async move {
            let said = state.next(&intake, &clock).await?;
            Some((said, (intake, clock, state)))
        },
    )
}

struct Coming<E> {
    body: Pin<Box<dyn Stream<Item = Result<Bytes, E>> + Send>>,
    cut: Cutter,
    done: u64,
    ended: bool,
    broken: Option<String>,
}

impl<E: Display> Coming<E> {
    /// The answers to the next lines; nothing when all was answered.
    async fn next(&mut self, intake: &Intake, clock: &Clock) -> Option<Bytes> {
        let lines = self.gather().await;
        if lines.is_empty() {
            let why = self.broken.take()?;
            return Some(self.end(&format!("the body broke off: {why}")));
        }
        let count = lines.len();
        match intake.take(lines, clock.now()).await {
            Ok(outcomes) => {
                let mut said = BytesMut::with_capacity(count * 32);
                for outcome in &outcomes {
                    self.done = self.done.saturating_add(1);
                    said.extend_from_slice(answer(self.done, outcome).as_bytes());
                    said.extend_from_slice(b"\n");
                }
                Some(said.freeze())
            }
            Err(trouble) => {
                tracing::warn!(cause = %trouble, "lines of a batch could not be taken in");
                self.ended = true;
                self.broken = None;
                self.cut = Cutter::default();
                Some(self.end(&trouble.to_string()))
            }
        }
    }

    fn end(&mut self, why: &str) -> Bytes {
        let line = self.done.saturating_add(1);
        let detail =
            format!("from line {line} on nothing was taken in; send those lines again: {why}");
        Bytes::from(format!(
            "{}\n",
            json!({"line": line, "result": "stopped", "detail": detail})
        ))
    }

    /// As many lines as there are now, one at least unless the body has ended.
    async fn gather(&mut self) -> Vec<Result<Line, Wrong>> {
        let mut lines = Vec::new();
        loop {
            while lines.len() < LINES_MOST {
                match self.cut.line(self.ended) {
                    Some(line) => lines.push(line),
                    None => break,
                }
            }
            if self.ended || lines.len() >= LINES_MOST || self.cut.taken >= BYTES_MOST {
                self.cut.taken = 0;
                return lines;
            }
            // Who waits for answers before sending more gets them; who sends fast has many lines in one transaction.
            let next = match lines.is_empty() {
                true => Some(self.body.next().await),
                false => self.body.next().now_or_never(),
            };
            match next {
                Some(Some(Ok(bytes))) => self.cut.add(&bytes),
                Some(Some(Err(why))) => {
                    self.broken = Some(why.to_string());
                    self.ended = true;
                    // What stands after the last line's end may be half a line.
                    self.cut.forget_rest();
                }
                Some(None) => self.ended = true,
                None => {
                    self.cut.taken = 0;
                    return lines;
                }
            }
        }
    }
}

fn answer(line: u64, outcome: &Outcome) -> String {
    match outcome {
        Outcome::New | Outcome::Same => {
            format!("{{\"line\":{line},\"result\":\"{}\"}}", outcome.word())
        }
        other => {
            let mut said = other.to_json();
            said["line"] = json!(line);
            said.to_string()
        }
    }
}

/// Cuts what comes into lines. One that is too long is let by without being kept.
#[derive(Default)]
struct Cutter {
    rest: BytesMut,
    looked: usize,
    skipping: Option<usize>,
    taken: usize,
}

impl Cutter {
    fn add(&mut self, bytes: &[u8]) {
        self.taken = self.taken.saturating_add(bytes.len());
        self.rest.extend_from_slice(bytes);
    }

    /// Drops what is no whole line.
    fn forget_rest(&mut self) {
        let whole = memchr::memrchr(b'\n', &self.rest).map_or(0, |at| at + 1);
        self.rest.truncate(whole);
        if whole == 0 {
            self.skipping = None;
        }
    }

    fn line(&mut self, ended: bool) -> Option<Result<Line, Wrong>> {
        let unseen = self.rest.get(self.looked..).unwrap_or_default();
        let end = memchr::memchr(b'\n', unseen).map(|at| self.looked + at);
        if let Some(skipped) = self.skipping {
            let gone = end.map_or(self.rest.len(), |end| end + 1);
            let _ = self.rest.split_to(gone);
            self.looked = 0;
            let skipped = skipped.saturating_add(gone);
            if end.is_none() && !ended {
                self.skipping = Some(skipped);
                return None;
            }
            self.skipping = None;
            return Some(Err(too_long()));
        }
        match end {
            Some(end) => {
                let mut line = self.rest.split_to(end + 1);
                line.truncate(end);
                self.looked = 0;
                Some(read(&line))
            }
            None if self.rest.len() > LINE_MOST => {
                self.skipping = Some(self.rest.len());
                self.rest.clear();
                self.looked = 0;
                if ended { self.line(true) } else { None }
            }
            None if ended && !self.rest.is_empty() => {
                self.looked = 0;
                Some(read(&self.rest.split()))
            }
            None => {
                self.looked = self.rest.len();
                None
            }
        }
    }
}

fn too_long() -> Wrong {
    Wrong::at(
        "",
        format!("the line has more than {LINE_MOST} bytes; it was passed over"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&[u8]]) -> Vec<String> {
        let mut cutter = Cutter::default();
        let mut found = Vec::new();
        for (at, piece) in pieces.iter().enumerate() {
            cutter.add(piece);
            while let Some(line) = cutter.line(at + 1 == pieces.len()) {
                found.push(line.err().expect("no line of ours").detail);
            }
            assert!(cutter.rest.len() <= LINE_MOST + piece.len());
        }
        found
    }

    #[test]
    fn lines_are_cut_alike_however_they_come() {
        let text = b"{\n[]\n\n\"x\"";
        let whole = cut(&[text]);
        assert_eq!(whole.len(), 4, "{whole:?}");
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(cut(&bytes), whole);
    }

    #[test]
    fn a_line_without_end_is_not_kept() {
        let long = vec![b'x'; 10_000];
        let mut pieces: Vec<&[u8]> = vec![&long; 30];
        pieces.push(b"x\n{\n");
        let found = cut(&pieces);
        assert_eq!(found.len(), 2);
        assert!(found[0].contains("passed over"), "{found:?}");
        // Nor where the body ends with it.
        pieces.pop();
        assert_eq!(cut(&pieces).len(), 1);
    }
}
