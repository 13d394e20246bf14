// SPDX-License-Identifier: MIT OR Apache-2.0
//! Lines in, lines out: a case a line, a decision a line, in the same order, in constant memory, on all cores.
//!
//! Line *n* of what is written answers line *n* of what was read. Every line that ends is a case, so an empty line is an
//! error in its place; what stands behind the last line break is a case too, unless it is nothing at all.
//!
//! A reader cuts the input into batches of whole lines, workers answer each batch into its own buffer, and the writer puts
//! the batches back in order. Batches go round: what is written is read into again, so memory is what the batches hold.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read, Write};
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use makegood_desk::decision::Workspace;
use makegood_policy::fact::Disclose;
use makegood_policy::rule::RuleId;
use serde::Serialize;

use crate::answer::Answer;
use crate::policies::{NoVersion, Policies};
use crate::reasons::{Reasons, edition};
use crate::wire::{WireError, read_case};

/// The longest line, and the longest case file: 16 MiB. The largest order that was ever delivered fits a thousand times.
pub const LONGEST: usize = 16 << 20;

/// How much is read at a time.
const CHUNK: usize = 256 << 10;

/// Why a case has no decision: as the contract writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Undecided {
    /// Which sort of fault it is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The fault in words.
    pub detail: String,
    /// Where in the case it is.
    pub pointer: String,
}

#[derive(Serialize)]
struct ErrorLine<'a> {
    error: &'a Undecided,
}

impl Undecided {
    /// A case that is longer than any is.
    #[must_use]
    pub fn too_long() -> Self {
        Self {
            kind: "too_long",
            detail: format!(
                "the case has more than {LONGEST} bytes; leave out what it does not need, or write a case a line"
            ),
            pointer: String::new(),
        }
    }

    /// Nothing was in force when the order was placed.
    #[must_use]
    pub fn no_version(none: &NoVersion) -> Self {
        Self {
            kind: "no_version",
            detail: none.to_string(),
            pointer: "/order/placed_at".to_owned(),
        }
    }

    /// What the program did wrong itself.
    #[must_use]
    pub fn internal(what: &str) -> Self {
        Self {
            kind: "internal",
            detail: format!(
                "the program failed at this case, which is a fault of the program: {what}; please report it with the case"
            ),
            pointer: String::new(),
        }
    }

    /// As a line of JSON, without its end.
    pub fn write(&self, out: &mut Vec<u8>) {
        // Writing to a vector cannot fail.
        let _ = serde_json::to_writer(out, &ErrorLine { error: self });
    }
}

impl From<WireError> for Undecided {
    fn from(error: WireError) -> Self {
        Self {
            kind: error.kind.slug(),
            detail: error.detail,
            pointer: error.pointer,
        }
    }
}

/// How answers are written.
#[derive(Clone, Debug)]
pub struct Manner {
    /// Whether they say why.
    pub reasons: bool,
    /// In which language; the policy's own where nothing is said.
    pub language: Option<String>,
    /// For whom.
    pub audience: Disclose,
    /// Whether an answer is indented over many lines.
    pub indented: bool,
}

/// Decides one case after another into JSON, and keeps its room between them.
#[derive(Clone)]
pub struct Clerk {
    policies: Arc<Policies>,
    manner: Arc<Manner>,
    room: Workspace,
    /// The words of each rule that was quoted already, by version and rule.
    quotes: BTreeMap<(usize, RuleId), String>,
}

impl Clerk {
    /// A clerk with the policies on the desk.
    #[must_use]
    pub fn new(policies: Arc<Policies>, manner: Arc<Manner>) -> Self {
        Self {
            policies,
            manner,
            room: Workspace::default(),
            quotes: BTreeMap::new(),
        }
    }

    /// Answers a case: the decision as one line of JSON, or why there is none.
    ///
    /// # Errors
    /// The case cannot be read, or no version was in force. Nothing is written then.
    pub fn decide(&mut self, case: &[u8], out: &mut Vec<u8>) -> Result<(), Undecided> {
        let case = read_case(case)?;
        let placed_at = case.order.placed_at;
        let (version, book) = self
            .policies
            .judging(placed_at)
            .map_err(|none| Undecided::no_version(&none))?;
        let decision = book.decide(&mut self.room, &case);
        let reasons = self.manner.reasons.then(|| {
            let edition = edition(book.policy(), self.manner.language.as_deref());
            let quotes = &mut self.quotes;
            let quote = &mut |rule| {
                let words = quotes.entry((version, rule));
                words
                    .or_insert_with(|| book.policy().quote(edition, rule))
                    .clone()
            };
            Reasons::quoting(book, &case, &decision, edition, self.manner.audience, quote)
        });
        let answer = Answer::new(book, &case, &decision, reasons.as_ref());
        // Writing to a vector cannot fail.
        let _ = if self.manner.indented {
            serde_json::to_writer_pretty(out, &answer)
        } else {
            serde_json::to_writer(out, &answer)
        };
        Ok(())
    }
}

/// What a run has come to so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines answered.
    pub lines: u64,
    /// Lines answered with an error.
    pub errors: u64,
    /// Bytes read for them.
    pub bytes: u64,
}

/// Why a run ended early.
#[derive(Debug)]
pub enum Broken {
    /// Reading failed: of which input, and how.
    Reading(String, io::Error),
    /// Writing failed.
    Writing(io::Error),
}

/// An input and its name.
pub struct Input {
    /// What it is called in messages.
    pub name: String,
    /// Opens it; done when its turn comes, so that many files are not open at once.
    pub open: Box<dyn FnOnce() -> io::Result<Box<dyn Read + Send>> + Send>,
}

/// Answers every line of the inputs. `clerk` makes a worker's own answerer: given a line, it puts the answer behind what
/// stands in the buffer. If it panics, that line becomes an error and a new answerer goes on.
///
/// # Errors
/// Reading or writing failed. Everything that was read before is written.
pub fn run<C, A>(
    inputs: Vec<Input>,
    output: &mut dyn Write,
    jobs: NonZeroUsize,
    clerk: C,
    seen: &mut dyn FnMut(Tally),
) -> Result<Tally, Broken>
where
    C: Fn() -> A + Send + Sync + 'static,
    A: FnMut(&[u8], &mut Vec<u8>) -> Result<(), Undecided>,
{
    let mut lines = Lines::new(inputs);
    if jobs.get() > 1 {
        return side_by_side(lines, output, jobs.get(), Arc::new(clerk), seen);
    }
    let mut tally = Tally::default();
    let mut batch = Batch::default();
    let mut answer = clerk();
    loop {
        let more = lines.fill(&mut batch);
        batch.answer(&clerk, &mut answer);
        write(output, &batch, &mut tally, seen)?;
        match more {
            Ok(true) => {}
            Ok(false) => return Ok(tally),
            Err((name, error)) => return Err(Broken::Reading(name, error)),
        }
    }
}

fn write(
    output: &mut dyn Write,
    batch: &Batch,
    tally: &mut Tally,
    seen: &mut dyn FnMut(Tally),
) -> Result<(), Broken> {
    output
        .write_all(&batch.answers)
        .and_then(|()| output.flush())
        .map_err(Broken::Writing)?;
    tally.lines = tally.lines.saturating_add(batch.tally.lines);
    tally.errors = tally.errors.saturating_add(batch.tally.errors);
    tally.bytes = tally.bytes.saturating_add(batch.tally.bytes);
    seen(*tally);
    Ok(())
}

/// What the reader says of a batch: whether there is more, or what failed.
type More = Result<bool, (String, io::Error)>;

fn side_by_side<C, A>(
    mut lines: Lines,
    output: &mut dyn Write,
    jobs: usize,
    clerk: Arc<C>,
    seen: &mut dyn FnMut(Tally),
) -> Result<Tally, Broken>
where
    C: Fn() -> A + Send + Sync + 'static,
    A: FnMut(&[u8], &mut Vec<u8>) -> Result<(), Undecided>,
{
    // INVARIANT (memory is what the batches hold): there are this many, and the reader waits for one to come back.
    let batches = jobs.saturating_mul(2).saturating_add(2);
    let (empty, to_fill) = channel::<Batch>();
    let (filled, to_answer) = channel::<(usize, Batch, More)>();
    let (answered, to_write) = channel::<(usize, Batch, More)>();
    for _ in 0..batches {
        let _ = empty.send(Batch::default());
    }
    // The threads are not joined: where writing fails, the reader may wait for input for ever.
    thread::spawn(move || {
        for (place, mut batch) in to_fill.iter().enumerate() {
            let more = lines.fill(&mut batch);
            let last = !matches!(more, Ok(true));
            if filled.send((place, batch, more)).is_err() || last {
                return;
            }
        }
    });
    let to_answer = Arc::new(Mutex::new(to_answer));
    for _ in 0..jobs {
        let (to_answer, answered, clerk) =
            (Arc::clone(&to_answer), answered.clone(), Arc::clone(&clerk));
        thread::spawn(move || work(&to_answer, &answered, &*clerk));
    }
    drop(answered);
    let mut tally = Tally::default();
    let mut waiting: VecDeque<Option<(Batch, More)>> = VecDeque::new();
    let mut next = 0_usize;
    for (place, batch, more) in to_write {
        let ahead = place.saturating_sub(next);
        while waiting.len() <= ahead {
            waiting.push_back(None);
        }
        if let Some(slot) = waiting.get_mut(ahead) {
            *slot = Some((batch, more));
        }
        while let Some((batch, more)) = waiting.front_mut().and_then(Option::take) {
            waiting.pop_front();
            next = next.saturating_add(1);
            write(output, &batch, &mut tally, seen)?;
            match more {
                // The reader may be done already.
                Ok(true) => drop(empty.send(batch)),
                Ok(false) => return Ok(tally),
                Err((name, error)) => return Err(Broken::Reading(name, error)),
            }
        }
    }
    // A worker that dies takes its batch with it; they catch every panic, so none does.
    Err(Broken::Writing(io::Error::other("a worker died")))
}

fn work<C, A>(
    to_answer: &Mutex<Receiver<(usize, Batch, More)>>,
    answered: &Sender<(usize, Batch, More)>,
    clerk: &C,
) where
    C: Fn() -> A,
    A: FnMut(&[u8], &mut Vec<u8>) -> Result<(), Undecided>,
{
    let mut answer = clerk();
    loop {
        let next = match to_answer.lock() {
            Ok(queue) => queue.recv(),
            Err(_) => return,
        };
        let Ok((place, mut batch, more)) = next else {
            return;
        };
        batch.answer(clerk, &mut answer);
        if answered.send((place, batch, more)).is_err() {
            return;
        }
    }
}

/// Whole lines and their answers.
#[derive(Default)]
struct Batch {
    lines: Vec<u8>,
    /// Behind its lines came one that is longer than any case is; it was not kept.
    too_long: bool,
    answers: Vec<u8>,
    tally: Tally,
}

impl Batch {
    fn clear(&mut self) {
        self.lines.clear();
        self.answers.clear();
        // What one long line needed is not kept for the others.
        self.lines.shrink_to(CHUNK.saturating_mul(2));
        self.answers.shrink_to(CHUNK.saturating_mul(8));
        self.too_long = false;
        self.tally = Tally::default();
    }

    fn answer<C, A>(&mut self, clerk: &C, answer: &mut A)
    where
        C: Fn() -> A,
        A: FnMut(&[u8], &mut Vec<u8>) -> Result<(), Undecided>,
    {
        let (lines, answers, tally) = (&self.lines, &mut self.answers, &mut self.tally);
        let mut start = 0_usize;
        for end in memchr::memchr_iter(b'\n', lines) {
            let line = lines.get(start..end).unwrap_or(&[]);
            start = end.saturating_add(1);
            let result = if line.len() > LONGEST {
                Err(Undecided::too_long())
            } else {
                guarded(line, clerk, answer, answers)
            };
            close(result, answers, tally);
        }
        if self.too_long {
            close(Err(Undecided::too_long()), answers, tally);
        }
    }
}

fn close(result: Result<(), Undecided>, answers: &mut Vec<u8>, tally: &mut Tally) {
    if let Err(undecided) = result {
        undecided.write(answers);
        tally.errors = tally.errors.saturating_add(1);
    }
    answers.push(b'\n');
    tally.lines = tally.lines.saturating_add(1);
}

fn guarded<C, A>(
    line: &[u8],
    clerk: &C,
    answer: &mut A,
    answers: &mut Vec<u8>,
) -> Result<(), Undecided>
where
    C: Fn() -> A,
    A: FnMut(&[u8], &mut Vec<u8>) -> Result<(), Undecided>,
{
    let before = answers.len();
    let caught = catch_unwind(AssertUnwindSafe(|| answer(line, answers)));
    caught.unwrap_or_else(|panic| {
        answers.truncate(before);
        *answer = clerk();
        Err(Undecided::internal(&told(&*panic)))
    })
}

/// What a panic said.
#[must_use]
pub fn told(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("it did not say why").to_owned()
}

/// The inputs one after another, cut into whole lines.
struct Lines {
    inputs: VecDeque<Input>,
    open: Option<(String, Box<dyn Read + Send>)>,
    /// What was read behind the last whole line.
    rest: Vec<u8>,
    /// The line that is being read is longer than any case is, and is told already.
    skipping: bool,
}

impl Lines {
    fn new(inputs: Vec<Input>) -> Self {
        Self {
            inputs: inputs.into(),
            open: None,
            rest: Vec::new(),
            skipping: false,
        }
    }

    /// Fills a batch with whole lines, as soon as there are some; says whether more may come.
    fn fill(&mut self, batch: &mut Batch) -> More {
        batch.clear();
        batch.lines.append(&mut self.rest);
        loop {
            if self.open.is_none() {
                let Some(input) = self.inputs.pop_front() else {
                    return Ok(false);
                };
                let source = (input.open)().map_err(|error| (input.name.clone(), error))?;
                self.open = Some((input.name, source));
            }
            let Some((name, source)) = &mut self.open else {
                return Ok(false);
            };
            let before = batch.lines.len();
            batch.lines.resize(before.saturating_add(CHUNK), 0);
            let read = read(source, batch.lines.get_mut(before..).unwrap_or(&mut []));
            let read = read
                .inspect_err(|_| batch.lines.truncate(before))
                .map_err(|error| (name.clone(), error))?;
            batch.lines.truncate(before.saturating_add(read));
            batch.tally.bytes = batch
                .tally
                .bytes
                .saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
            if read == 0 {
                // The last line of a file ends with the file.
                self.open = None;
                let ended = std::mem::take(&mut self.skipping);
                if !ended && !batch.lines.is_empty() {
                    batch.lines.push(b'\n');
                    return Ok(true);
                }
                continue;
            }
            if self.skipping {
                match memchr::memchr(b'\n', &batch.lines) {
                    None => {
                        batch.lines.clear();
                        continue;
                    }
                    Some(end) => {
                        batch.lines.drain(..=end);
                        self.skipping = false;
                    }
                }
            }
            let new = before.min(batch.lines.len());
            let fresh = batch.lines.get(new..).unwrap_or(&[]);
            if let Some(end) = memchr::memrchr(b'\n', fresh) {
                let whole = new.saturating_add(end).saturating_add(1);
                self.rest
                    .extend_from_slice(batch.lines.get(whole..).unwrap_or(&[]));
                batch.lines.truncate(whole);
                return Ok(true);
            }
            if batch.lines.len() > LONGEST {
                batch.lines.clear();
                batch.too_long = true;
                self.skipping = true;
                return Ok(true);
            }
        }
    }
}

fn read(source: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(
        text: &'static [u8],
        jobs: usize,
        answer: fn(&[u8], &mut Vec<u8>) -> Result<(), Undecided>,
    ) -> String {
        let input = Input {
            name: "text".to_owned(),
            open: Box::new(move || Ok(Box::new(text))),
        };
        let mut out = Vec::new();
        let jobs = NonZeroUsize::new(jobs).expect("a worker");
        run(vec![input], &mut out, jobs, move || answer, &mut |_| {}).expect("no pipe to break");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_case_at_which_the_program_fails_is_told_in_its_place_and_the_run_goes_on() {
        let echo = |line: &[u8], out: &mut Vec<u8>| {
            out.extend_from_slice(b"half an answ");
            assert!(line != b"bad", "no such luck");
            out.clear_from(line);
            Ok(())
        };
        trait ClearFrom {
            fn clear_from(&mut self, line: &[u8]);
        }
        impl ClearFrom for Vec<u8> {
            fn clear_from(&mut self, line: &[u8]) {
                self.truncate(self.len().saturating_sub(12));
                self.extend_from_slice(line);
            }
        }
        for jobs in [1, 3] {
            let text = answers(b"one\nbad\ntwo", jobs, echo);
            let lines: Vec<&str> = text.lines().collect();
            assert_eq!((lines[0], lines[2]), ("one", "two"));
            assert!(
                lines[1].starts_with(r#"{"error":{"type":"internal","detail":"#)
                    && lines[1].contains("no such luck")
            );
        }
    }

    #[test]
    fn every_line_is_answered_and_nothing_behind_the_last_line_break_is_no_line() {
        let echo = |line: &[u8], out: &mut Vec<u8>| {
            out.push(b'<');
            out.extend_from_slice(line);
            out.push(b'>');
            Ok(())
        };
        for (text, expected) in [
            (&b""[..], ""),
            (b"\n", "<>\n"),
            (b"a", "<a>\n"),
            (b"a\n", "<a>\n"),
            (b"a\n\nb\n", "<a>\n<>\n<b>\n"),
            (b"a\r\nb", "<a\r>\n<b>\n"),
        ] {
            assert_eq!(answers(text, 1, echo), expected);
            assert_eq!(answers(text, 2, echo), expected);
        }
    }
}
