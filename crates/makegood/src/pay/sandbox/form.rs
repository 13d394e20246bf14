// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a caller writes: forms with nested names (`a[b][0]=c`), and forms in parts with a file.

use std::collections::{BTreeMap, BTreeSet};

use memchr::memmem;
use serde_json::{Map, Value};

use super::problem::Problem;

/// One value of a form: a text, or more names in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Param {
    /// `name=text`.
    Text(String),
    /// `name[…]=…`; lists have numbers for names.
    Fields(BTreeMap<String, Param>),
}

/// The parameters of a call. Each is taken out by the endpoint that understands it; what is left at the end is unknown.
#[derive(Clone, Debug, Default)]
pub struct Params {
    fields: BTreeMap<String, Param>,
    within: String,
    /// The uploaded file, where the form came in parts.
    pub upload: Option<Upload>,
}

/// A file out of a form in parts.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The name that the caller gave it.
    pub filename: Option<String>,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// How deep names may nest.
const DEEPEST: usize = 10;

impl Params {
    /// Reads a query or a form.
    ///
    /// # Errors
    /// When a name is both a text and more names, or is nested too deeply.
    pub fn read(&mut self, form: &[u8]) -> Result<(), Problem> {
        for (name, value) in url::form_urlencoded::parse(form) {
            self.put(&name, value.into_owned())?;
        }
        Ok(())
    }

    /// Reads a form in parts, as `multipart/form-data` writes it.
    ///
    /// # Errors
    /// When it does not follow its own boundary.
    pub fn read_parts(&mut self, content_type: &str, body: &[u8]) -> Result<(), Problem> {
        let broken = || Problem::unclear("", "", "Invalid multipart form".to_owned());
        let boundary = content_type
            .split("boundary=")
            .nth(1)
            .and_then(|rest| rest.split(';').next())
            .map(|text| text.trim_matches('"'))
            .filter(|text| !text.is_empty())
            .ok_or_else(broken)?;
        let opening = format!("--{boundary}");
        let closing = format!("\r\n--{boundary}");
        let mut rest = body.strip_prefix(opening.as_bytes()).ok_or_else(broken)?;
        while !rest.starts_with(b"--") {
            let part = rest.strip_prefix(b"\r\n").ok_or_else(broken)?;
            let head_end = memmem::find(part, b"\r\n\r\n").ok_or_else(broken)?;
            let end = memmem::find(part, closing.as_bytes()).ok_or_else(broken)?;
            let (head, content) = part
                .get(..head_end)
                .zip(part.get(head_end + 4..end.max(head_end + 4)))
                .ok_or_else(broken)?;
            self.put_part(&String::from_utf8_lossy(head), content)?;
            rest = part.get(end + closing.len()..).ok_or_else(broken)?;
        }
        Ok(())
    }

    fn put_part(&mut self, head: &str, content: &[u8]) -> Result<(), Problem> {
        let told = |what: &str| {
            let from = head.find(&format!("{what}=\""))? + what.len() + 2;
            let text = head.get(from..)?;
            text.get(..text.find('"')?).map(str::to_owned)
        };
        let name = told(" name").unwrap_or_default();
        if name == "file" {
            self.upload = Some(Upload {
                filename: told("filename"),
                bytes: content.to_vec(),
            });
            return Ok(());
        }
        self.put(&name, String::from_utf8_lossy(content).into_owned())
    }

    fn put(&mut self, name: &str, value: String) -> Result<(), Problem> {
        let unreadable = || Problem::unclear("", name, format!("Invalid parameter name: {name}"));
        let steps: Vec<&str> = name
            .split('[')
            .map(|step| step.trim_end_matches(']'))
            .collect();
        if steps.len() > DEEPEST {
            return Err(unreadable());
        }
        let (last, before) = steps.split_last().ok_or_else(unreadable)?;
        let mut fields = &mut self.fields;
        for step in before {
            let step = numbered(fields, step);
            let place = fields
                .entry(step)
                .or_insert_with(|| Param::Fields(BTreeMap::new()));
            let Param::Fields(inner) = place else {
                return Err(unreadable());
            };
            fields = inner;
        }
        let last = numbered(fields, last);
        fields.insert(last, Param::Text(value));
        Ok(())
    }

    fn full(&self, name: &str) -> String {
        if self.within.is_empty() {
            name.to_owned()
        } else {
            format!("{}[{name}]", self.within)
        }
    }

    /// Are there names below this one?
    #[must_use]
    pub fn nests(&self, name: &str) -> bool {
        matches!(self.fields.get(name), Some(Param::Fields(_)))
    }

    /// The text of this name.
    ///
    /// # Errors
    /// When there are more names below it.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, Problem> {
        match self.fields.remove(name) {
            None => Ok(None),
            Some(Param::Text(text)) => Ok(Some(text)),
            Some(Param::Fields(_)) => {
                let param = self.full(name);
                Err(Problem::unclear("", &param, "Invalid string".to_owned()))
            }
        }
    }

    /// The text of a name that must be there.
    ///
    /// # Errors
    /// When it is not there or empty.
    pub fn required(&mut self, name: &str) -> Result<String, Problem> {
        let param = self.full(name);
        self.text(name)?
            .filter(|text| !text.is_empty())
            .ok_or_else(|| {
                Problem::unclear(
                    "parameter_missing",
                    &param,
                    format!("Missing required param: {param}."),
                )
            })
    }

    /// A whole number.
    ///
    /// # Errors
    /// When it is none.
    pub fn integer(&mut self, name: &str) -> Result<Option<i64>, Problem> {
        let param = self.full(name);
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        text.parse().map(Some).map_err(|_| {
            Problem::unclear(
                "parameter_invalid_integer",
                &param,
                format!("Invalid integer: {text}"),
            )
        })
    }

    /// A whole number above nought.
    ///
    /// # Errors
    /// When it is none.
    pub fn positive(&mut self, name: &str) -> Result<Option<i64>, Problem> {
        let param = self.full(name);
        match self.integer(name)? {
            Some(number) if number < 1 => Err(Problem::unclear(
                "parameter_invalid_integer",
                &param,
                "This value must be greater than or equal to 1.".to_owned(),
            )),
            other => Ok(other),
        }
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// When it is neither.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, Problem> {
        let param = self.full(name);
        match self.text(name)?.as_deref() {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(Problem::unclear(
                "",
                &param,
                format!("Invalid boolean: {other}"),
            )),
        }
    }

    /// One of a few words.
    ///
    /// # Errors
    /// When it is another word.
    pub fn word(&mut self, name: &str, words: &[&str]) -> Result<Option<String>, Problem> {
        let param = self.full(name);
        match self.text(name)? {
            Some(text) if !words.contains(&text.as_str()) => Err(Problem::unclear(
                "",
                &param,
                format!("Invalid {param}: must be one of {}", words.join(", ")),
            )),
            other => Ok(other),
        }
    }

    /// The names below this one.
    ///
    /// # Errors
    /// When it is a text; the empty text is nothing.
    pub fn inner(&mut self, name: &str) -> Result<Option<Self>, Problem> {
        let within = self.full(name);
        match self.fields.remove(name) {
            None => Ok(None),
            Some(Param::Text(text)) if text.is_empty() => Ok(None),
            Some(Param::Text(_)) => Err(Problem::unclear("", &within, "Invalid object".to_owned())),
            Some(Param::Fields(fields)) => Ok(Some(Self {
                fields,
                within,
                upload: None,
            })),
        }
    }

    /// The items of a list of objects.
    ///
    /// # Errors
    /// When an item is a text.
    pub fn items(&mut self, name: &str) -> Result<Vec<Self>, Problem> {
        let Some(mut list) = self.inner(name)? else {
            return Ok(Vec::new());
        };
        in_order(&list.fields)
            .iter()
            .map(|number| list.inner(number))
            .filter_map(Result::transpose)
            .collect()
    }

    /// The texts of a list.
    ///
    /// # Errors
    /// When an item is an object.
    pub fn texts(&mut self, name: &str) -> Result<Vec<String>, Problem> {
        if let Some(Param::Text(text)) = self.fields.get(name) {
            let text = text.clone();
            self.fields.remove(name);
            return Ok(vec![text]);
        }
        let Some(mut list) = self.inner(name)? else {
            return Ok(Vec::new());
        };
        in_order(&list.fields)
            .iter()
            .map(|number| list.text(number))
            .filter_map(Result::transpose)
            .collect()
    }

    /// Names that are in use here.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.fields.keys().cloned().collect()
    }

    /// `metadata[…]`: changes to what is kept. The empty text removes a name, and `metadata=` removes all.
    ///
    /// # Errors
    /// When there are more than 50 names, or one is too long.
    pub fn metadata(&mut self, kept: &mut BTreeMap<String, String>) -> Result<(), Problem> {
        let mut next = kept.clone();
        if let Some(Param::Text(text)) = self.fields.get("metadata")
            && text.is_empty()
        {
            next.clear();
        }
        if let Some(mut given) = self.inner("metadata")? {
            for name in given.names() {
                let value = given.text(&name)?.unwrap_or_default();
                let param = given.full(&name);
                if name.chars().count() > 40 || value.chars().count() > 500 {
                    return Err(Problem::unclear(
                        "",
                        &param,
                        "Metadata names can have up to 40 characters, values up to 500.".to_owned(),
                    ));
                }
                if value.is_empty() {
                    next.remove(&name);
                } else {
                    next.insert(name, value);
                }
            }
        }
        if next.len() > 50 {
            return Err(Problem::unclear(
                "",
                "metadata",
                "Metadata can have up to 50 names.".to_owned(),
            ));
        }
        *kept = next;
        Ok(())
    }

    /// Nothing may be left over.
    ///
    /// # Errors
    /// When something is.
    pub fn finish(self) -> Result<(), Problem> {
        let left: Vec<String> = self.fields.keys().map(|name| self.full(name)).collect();
        let Some(first) = left.first() else {
            return Ok(());
        };
        let noun = if left.len() == 1 {
            "parameter"
        } else {
            "parameters"
        };
        Err(Problem::unclear(
            "parameter_unknown",
            first,
            format!("Received unknown {noun}: {}", left.join(", ")),
        ))
    }

    /// Leaves out what this sandbox has no use for, though Stripe does.
    pub fn ignore(&mut self, names: &[&str]) {
        for name in names {
            self.fields.remove(*name);
        }
    }

    /// All of it as JSON texts, for what is kept as it came.
    #[must_use]
    pub fn into_json(self) -> Value {
        fields_json(self.fields)
    }

    /// One text for equal parameters, in whatever order they came.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let mut bytes = fields_json(self.fields.clone()).to_string().into_bytes();
        if let Some(upload) = &self.upload {
            bytes.push(0);
            bytes.extend_from_slice(upload.filename.as_deref().unwrap_or_default().as_bytes());
            bytes.push(0);
            bytes.extend_from_slice(&upload.bytes);
        }
        bytes
    }
}

fn fields_json(fields: BTreeMap<String, Param>) -> Value {
    let json: Map<String, Value> = fields
        .into_iter()
        .map(|(name, param)| match param {
            Param::Text(text) => (name, Value::String(text)),
            Param::Fields(inner) => (name, fields_json(inner)),
        })
        .collect();
    Value::Object(json)
}

/// `a[]` is the next free number.
fn numbered(fields: &BTreeMap<String, Param>, step: &str) -> String {
    if step.is_empty() {
        fields.len().to_string()
    } else {
        step.to_owned()
    }
}

fn in_order(fields: &BTreeMap<String, Param>) -> Vec<String> {
    let ordered: BTreeSet<(u64, &String)> = fields
        .keys()
        .map(|name| (name.parse().unwrap_or(u64::MAX), name))
        .collect();
    ordered.into_iter().map(|(_, name)| name.clone()).collect()
}
