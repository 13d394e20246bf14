// SPDX-License-Identifier: MIT OR Apache-2.0
//! Files of lines: what they are is seen by looking, and each is read from where an earlier reading came to.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use makegood_desk::case::Instant;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use ring::digest::{Context, SHA256};

use super::columns::{Cell, Header};
use crate::books::intake::line::{Kind, LINE_MOST, Line, Wrong, read};
use crate::books::seal::hex;

/// What sort of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A table of text, with this between its cells.
    Csv(u8),
    /// A JSON object on each line.
    Ndjson,
    /// A table of columns.
    Parquet,
}

/// How text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// As everybody does.
    Utf8,
    /// As old programs do: a byte a character.
    Latin1,
}

/// A file as it was found.
#[derive(Clone, Debug)]
pub struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// What sort.
    pub form: Form,
    /// How its text is written.
    pub encoding: Encoding,
    /// What each row is, in a table.
    pub kind: Option<Kind>,
    /// Where its end is, as positions count.
    pub end: u64,
    /// The hash of its content.
    pub digest: String,
    /// Where its text begins: after a byte order mark.
    begin: u64,
}

/// How far a file was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// To this byte; in a Parquet file, to this row.
    pub bytes: u64,
    /// So many lines.
    pub lines: u64,
}

/// A line of a file.
pub struct Record {
    /// Which line of the file it is, as an editor counts; in a Parquet file, which row.
    pub number: u64,
    /// What it says.
    pub line: Result<Line, Wrong>,
    /// Where the next begins.
    pub after: Position,
}

impl Source {
    /// Looks at a file: all of it once, so that the same content is known again.
    ///
    /// # Errors
    /// It cannot be read, or nobody can tell what it is.
    pub fn look(
        path: &Path,
        form: Option<Form>,
        encoding: Option<Encoding>,
        kind: Option<Kind>,
    ) -> Result<Self, String> {
        let told = |why: io::Error| format!("{}: {why}", path.display());
        let mut file = File::open(path).map_err(told)?;
        let (mut context, mut utf8) = (Context::new(&SHA256), Utf8::default());
        let (mut head, mut bytes) = (Vec::new(), 0_u64);
        let mut room = vec![0; 1 << 18];
        loop {
            let count = file.read(&mut room).map_err(told)?;
            let Some(read) = room.get(..count).filter(|read| !read.is_empty()) else {
                break;
            };
            if head.is_empty() {
                head = read.to_vec();
            }
            context.update(read);
            utf8.add(read);
            bytes = bytes.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        }
        if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
            return Err(format!(
                "{} is written in UTF-16; save it as UTF-8",
                path.display()
            ));
        }
        let begin = if head.starts_with(&[0xef, 0xbb, 0xbf]) {
            3
        } else {
            0
        };
        let head = head.get(begin..).unwrap_or_default();
        let form = form.unwrap_or_else(|| sniffed(head));
        let whole = encoding.is_none() && (utf8.holds() || form == Form::Parquet);
        let encoding = encoding.unwrap_or(if whole {
            Encoding::Utf8
        } else {
            Encoding::Latin1
        });
        if form != Form::Ndjson && kind.is_none() {
            return Err(format!(
                "{} is a table; say with --type what its rows are: {}",
                path.display(),
                Kind::ALL.map(Kind::name).join(", ")
            ));
        }
        if form == Form::Parquet {
            let reader = SerializedFileReader::new(file)
                .map_err(|why| format!("{}: {why}", path.display()))?;
            let rows = reader.metadata().file_metadata().num_rows();
            bytes = u64::try_from(rows).unwrap_or_default();
        }
        Ok(Self {
            path: path.to_owned(),
            form,
            encoding,
            kind,
            end: bytes,
            digest: hex(context.finish().as_ref()),
            begin: u64::try_from(begin).unwrap_or_default(),
        })
    }

    /// What it was found to be, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let encoding = match self.encoding {
            Encoding::Utf8 => "UTF-8",
            Encoding::Latin1 => "Latin-1",
        };
        match self.form {
            Form::Csv(b'\t') => format!("CSV with tabs, {encoding}"),
            Form::Csv(delimiter) => format!("CSV with `{}`, {encoding}", char::from(delimiter)),
            Form::Ndjson => format!("NDJSON, {encoding}"),
            Form::Parquet => "Parquet".to_owned(),
        }
    }

    /// Gives line after line from a position on, until told that it is enough.
    ///
    /// # Errors
    /// The file cannot be read, or its columns are not those of its kind.
    pub fn each(&self, from: Position, give: &mut dyn FnMut(Record) -> bool) -> Result<(), String> {
        let told = |why: &dyn std::fmt::Display| format!("{}: {why}", self.path.display());
        let mut file = File::open(&self.path).map_err(|why| told(&why))?;
        match (self.form, self.kind) {
            (Form::Ndjson, _) => {
                let start = from.bytes.max(self.begin);
                file.seek(SeekFrom::Start(start))
                    .map_err(|why| told(&why))?;
                let from = Position {
                    bytes: start,
                    ..from
                };
                self.ndjson(BufReader::with_capacity(1 << 18, file), from, give)
                    .map_err(|why| told(&why))
            }
            (Form::Csv(delimiter), Some(kind)) => self
                .csv(file, delimiter, kind, from, give)
                .map_err(|why| told(&why)),
            (Form::Parquet, Some(kind)) => {
                parquet(file, kind, from, give).map_err(|why| told(&why))
            }
            (_, None) => Err(told(&"it is not said what its rows are")),
        }
    }

    fn ndjson(
        &self,
        mut file: impl BufRead,
        mut at: Position,
        give: &mut dyn FnMut(Record) -> bool,
    ) -> io::Result<()> {
        let most = u64::try_from(LINE_MOST)
            .unwrap_or(u64::MAX)
            .saturating_add(2);
        let mut text = Vec::new();
        loop {
            text.clear();
            let count = file.by_ref().take(most).read_until(b'\n', &mut text)?;
            if count == 0 {
                return Ok(());
            }
            let mut bytes = u64::try_from(count).unwrap_or(u64::MAX);
            let whole = text.ends_with(b"\n");
            if whole {
                text.pop();
            } else {
                bytes = bytes.saturating_add(pass_over(&mut file)?);
            }
            at = Position {
                bytes: at.bytes.saturating_add(bytes),
                lines: at.lines.saturating_add(1),
            };
            let blank = text.iter().all(u8::is_ascii_whitespace);
            let line = match self.encoding {
                _ if blank => continue,
                Encoding::Utf8 => read(&text),
                Encoding::Latin1 => read(latin1(&text).as_bytes()),
            };
            let record = Record {
                number: at.lines,
                line,
                after: at,
            };
            if !give(record) {
                return Ok(());
            }
        }
    }

    fn csv(
        &self,
        mut file: File,
        delimiter: u8,
        kind: Kind,
        from: Position,
        give: &mut dyn FnMut(Record) -> bool,
    ) -> Result<(), String> {
        let told = |why: csv::Error| why.to_string();
        let mut builder = csv::ReaderBuilder::new();
        builder
            .delimiter(delimiter)
            .flexible(true)
            .has_headers(false)
            .buffer_capacity(1 << 18);
        file.seek(SeekFrom::Start(self.begin))
            .map_err(|why| why.to_string())?;
        let mut reader = builder.from_reader(file);
        let mut row = csv::ByteRecord::new();
        if !reader.read_byte_record(&mut row).map_err(told)? {
            return Err("the file is empty; its first line names the columns".to_owned());
        }
        let names: Vec<String> = row.iter().map(|name| self.text(name)).collect();
        let header = Header::find(kind, &names)?;
        // The reader counts from where the text begins.
        let mut lines = 0_u64;
        if from.lines > 0 {
            let mut position = csv::Position::new();
            position
                .set_byte(from.bytes)
                .set_line(from.lines.saturating_add(2));
            // Seeking goes by bytes of the file, mark and all.
            reader
                .seek_raw(SeekFrom::Start(from.bytes), position)
                .map_err(told)?;
            lines = from.lines;
        }
        let shift = if from.lines > 0 { 0 } else { self.begin };
        let mut cells = Vec::new();
        loop {
            let number = reader.position().line();
            if !reader.read_byte_record(&mut row).map_err(told)? {
                return Ok(());
            }
            let number = row.position().map_or(number, csv::Position::line);
            lines = lines.saturating_add(1);
            cells.clear();
            cells.extend(row.iter().map(|cell| match cell.is_empty() {
                true => Cell::Empty,
                false => Cell::Text(self.text(cell)),
            }));
            let record = Record {
                number,
                line: header.line(&cells),
                after: Position {
                    bytes: reader.position().byte().saturating_add(shift),
                    lines,
                },
            };
            if !give(record) {
                return Ok(());
            }
        }
    }

    fn text(&self, bytes: &[u8]) -> String {
        match self.encoding {
            Encoding::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
            Encoding::Latin1 => latin1(bytes),
        }
    }
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// Lets the rest of a line by; answers how long it was.
fn pass_over(file: &mut impl BufRead) -> io::Result<u64> {
    let mut passed = 0_u64;
    loop {
        let room = file.fill_buf()?;
        let (count, ended) = match memchr::memchr(b'\n', room) {
            Some(end) => (end + 1, true),
            None => (room.len(), room.is_empty()),
        };
        file.consume(count);
        passed = passed.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        if ended {
            return Ok(passed);
        }
    }
}

/// What a file seems to be, by how it begins.
fn sniffed(head: &[u8]) -> Form {
    if head.starts_with(b"PAR1") {
        return Form::Parquet;
    }
    let first = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if head.trim_ascii_start().starts_with(b"{") {
        return Form::Ndjson;
    }
    let count = |delimiter: u8| first.iter().filter(|byte| **byte == delimiter).count();
    let most = [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|delimiter| count(*delimiter));
    Form::Csv(
        most.filter(|delimiter| count(*delimiter) > 0)
            .unwrap_or(b','),
    )
}

/// Looks at bytes piece by piece whether they are UTF-8.
#[derive(Default)]
struct Utf8 {
    rest: Vec<u8>,
    broken: bool,
}

impl Utf8 {
    fn add(&mut self, bytes: &[u8]) {
        if self.broken {
            return;
        }
        let joined;
        let bytes = match self.rest.is_empty() {
            true => bytes,
            false => {
                self.rest.extend_from_slice(bytes);
                joined = std::mem::take(&mut self.rest);
                &joined
            }
        };
        if let Err(error) = std::str::from_utf8(bytes) {
            match error.error_len() {
                Some(_) => self.broken = true,
                // A character goes on in the next piece.
                None => {
                    self.rest = bytes
                        .get(error.valid_up_to()..)
                        .unwrap_or_default()
                        .to_vec()
                }
            }
        }
    }

    fn holds(&self) -> bool {
        !self.broken && self.rest.is_empty()
    }
}

fn parquet(
    file: File,
    kind: Kind,
    from: Position,
    give: &mut dyn FnMut(Record) -> bool,
) -> Result<(), String> {
    let told = |why: parquet::errors::ParquetError| why.to_string();
    let reader = SerializedFileReader::new(file).map_err(told)?;
    let fields = reader.metadata().file_metadata().schema().get_fields();
    let names: Vec<String> = fields.iter().map(|field| field.name().to_owned()).collect();
    let header = Header::find(kind, &names)?;
    let mut done = 0_u64;
    for group in 0..reader.num_row_groups() {
        let rows = reader.get_row_group(group).map_err(told)?;
        let count = u64::try_from(rows.metadata().num_rows()).unwrap_or_default();
        if done.saturating_add(count) <= from.bytes {
            done = done.saturating_add(count);
            continue;
        }
        for row in rows.get_row_iter(None).map_err(told)? {
            let row = row.map_err(told)?;
            done = done.saturating_add(1);
            if done <= from.bytes {
                continue;
            }
            let cells: Vec<Cell> = row
                .get_column_iter()
                .map(|(_, field)| cell(field))
                .collect();
            let record = Record {
                number: done,
                line: header.line(&cells),
                after: Position {
                    bytes: done,
                    lines: done,
                },
            };
            if !give(record) {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn cell(field: &Field) -> Cell {
    let moment = |number: i64, nanoseconds: i128| {
        let since = i128::from(number).saturating_mul(nanoseconds);
        Cell::Moment(Instant::from_unix_nanoseconds(since))
    };
    match field {
        Field::Null => Cell::Empty,
        Field::Bool(flag) => Cell::Flag(*flag),
        Field::Byte(number) => Cell::Whole((*number).into()),
        Field::Short(number) => Cell::Whole((*number).into()),
        Field::Int(number) => Cell::Whole((*number).into()),
        Field::Long(number) => Cell::Whole(*number),
        Field::UByte(number) => Cell::Whole((*number).into()),
        Field::UShort(number) => Cell::Whole((*number).into()),
        Field::UInt(number) => Cell::Whole((*number).into()),
        Field::ULong(number) => {
            i64::try_from(*number).map_or(Cell::Other("a number over 2^63"), Cell::Whole)
        }
        Field::Str(text) => Cell::Text(text.clone()),
        Field::Bytes(bytes) => match std::str::from_utf8(bytes.data()) {
            Ok(text) => Cell::Text(text.to_owned()),
            Err(_) => Cell::Other("bytes"),
        },
        Field::TimestampMillis(number) => moment(*number, 1_000_000),
        Field::TimestampMicros(number) => moment(*number, 1_000),
        Field::Float16(_) | Field::Float(_) | Field::Double(_) => {
            Cell::Other("a number with a point")
        }
        Field::Decimal(_) => Cell::Other("a decimal number"),
        Field::Date(_) => Cell::Other("a date without a time of day"),
        Field::TimeMillis(_) | Field::TimeMicros(_) => Cell::Other("a time of day"),
        Field::Group(_) | Field::ListInternal(_) | Field::MapInternal(_) => {
            Cell::Other("several values")
        }
    }
}
