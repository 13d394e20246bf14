// SPDX-License-Identifier: MIT OR Apache-2.0
//! The configuration in force as a page, or for machines: each key, its value, and who set it. Secrets are not shown.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use toml::Value as Toml;

use super::Loaded;
use super::keys::{self, KEYS, Key, Value};
use super::layers::{Origin, Setting};

/// What stands in place of a secret.
const MASK: &str = "…";

/// A key as people are shown it who look after the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its path: `server.listen`.
    pub key: String,
    /// Its value as TOML, without what is secret; nothing where it is not set.
    pub value: Option<String>,
    /// Who set it.
    pub origin: Option<Origin>,
}

/// Every key as people are shown it. It says where the settings come from and is none of them, so it is not printed with them.
#[derive(Clone, Default)]
pub struct Lines(Arc<[Line]>);

impl From<Vec<Line>> for Lines {
    fn from(lines: Vec<Line>) -> Self {
        Self(lines.into())
    }
}

impl Deref for Lines {
    type Target = [Line];

    fn deref(&self) -> &[Line] {
        &self.0
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lines")
    }
}

impl Loaded {
    /// The configuration as TOML, section by section; with `origin`, who set each key stands behind it.
    ///
    /// A key that is not set stands there as a comment.
    #[must_use]
    pub fn page(&self, origin: bool) -> String {
        let mut page = String::new();
        let mut section = String::new();
        for (path, setting) in self.rows() {
            let (above, name) = path.rsplit_once('.').unwrap_or(("", &path));
            if above != section {
                let gap = if page.is_empty() { "" } else { "\n" };
                page.push_str(&format!("{gap}[{above}]\n"));
                section = above.to_owned();
            }
            let line = setting.map_or_else(
                || format!("# {name} is not set"),
                |setting| format!("{name} = {}", toml(&setting.value)),
            );
            let behind = setting.filter(|_| origin).map(|setting| {
                let gap = 44_usize.saturating_sub(line.chars().count());
                format!("{}  # {}", " ".repeat(gap), told(setting))
            });
            page.push_str(&line);
            page.push_str(&behind.unwrap_or_default());
            page.push('\n');
        }
        page
    }

    /// The same as JSON: a list of keys with value and origin. A secret's value is null; whether it is set tells `set`.
    #[must_use]
    pub fn json(&self) -> Json {
        let rows = self.rows().into_iter().map(|(path, setting)| {
            json!({
                "key": path,
                "set": setting.is_some(),
                "secret": keys::at(&path).is_some_and(Key::is_secret),
                "value": setting.map_or(Json::Null, |setting| json(&setting.value)),
                "origin": setting.map(origin),
            })
        });
        json!({ "file": self.file, "keys": rows.collect::<Vec<_>>() })
    }

    /// All keys as people are shown them, in the order of the page.
    pub(super) fn lines(&self) -> Vec<Line> {
        let rows = self.rows().into_iter().map(|(key, setting)| Line {
            key,
            value: setting.map(|setting| toml(&setting.value)),
            origin: setting.map(|setting| setting.origin.clone()),
        });
        rows.collect()
    }

    /// All keys in the order of the page; those of payment providers for each provider.
    fn rows(&self) -> Vec<(String, Option<&Setting>)> {
        let named = |key: &Key| key.path.contains('*');
        let before = KEYS.iter().take_while(|key| !named(key));
        let after = KEYS
            .iter()
            .skip_while(|key| !named(key))
            .filter(|key| !named(key));
        let fixed = |key: &Key| key.path.to_owned();
        let providers = self.config.payments.keys().flat_map(|name| {
            let kind = self.kind(name);
            let theirs = KEYS.iter().filter(move |key| named(key));
            theirs
                .filter(move |key| key.kinds.is_empty() || key.kinds.contains(&kind))
                .map(move |key| key.path.replace('*', name))
        });
        let paths = before.map(fixed).chain(providers).chain(after.map(fixed));
        paths
            .map(|path| {
                let setting = self.settings.get(&path);
                (path, setting)
            })
            .collect()
    }

    fn kind(&self, name: &str) -> &'static str {
        match self.settings.get(&format!("payments.{name}.kind")) {
            Some(Setting {
                value: Value::Word(kind),
                ..
            }) => kind,
            _ => "",
        }
    }
}

fn told(setting: &Setting) -> String {
    match &setting.read_from {
        Some(file) => format!("{} ({})", setting.origin, file.display()),
        None => setting.origin.to_string(),
    }
}

fn origin(setting: &Setting) -> Json {
    let read_from = &setting.read_from;
    match &setting.origin {
        Origin::Default => json!({ "kind": "default" }),
        Origin::File(path, line) => {
            json!({ "kind": "file", "path": path, "line": line, "read_from": read_from })
        }
        Origin::Variable(name) => {
            json!({ "kind": "environment", "name": name, "read_from": read_from })
        }
        Origin::Flag(name) => json!({ "kind": "flag", "name": name, "read_from": read_from }),
    }
}

/// A value as TOML on one line.
fn toml(value: &Value) -> String {
    let text = |text: &str| Toml::from(text).to_string();
    let list = |parts: Vec<String>| format!("[{}]", parts.join(", "));
    match value {
        Value::Text(own) => text(own),
        Value::Word(word) => text(word),
        Value::Path(path) => text(&path.to_string_lossy()),
        Value::Url(url) => text(url.as_str()),
        Value::Listen(address) => text(&address.to_string()),
        Value::Database(database) => text(&database.to_string()),
        Value::Switch(on) => on.to_string(),
        Value::Count(number) => number.to_string(),
        Value::Counts(numbers) => list(numbers.iter().map(u64::to_string).collect()),
        Value::Words(words) => list(words.iter().map(|word| text(word)).collect()),
        Value::Texts(texts) => list(texts.iter().map(|own| text(own)).collect()),
        Value::Networks(networks) => list(
            networks
                .iter()
                .map(|network| text(&network.to_string()))
                .collect(),
        ),
        Value::Amounts(amounts) => {
            let parts: Vec<String> = amounts
                .iter()
                .map(|amount| format!("{} = {}", amount.currency().code(), amount.minor()))
                .collect();
            if parts.is_empty() {
                "{}".to_owned()
            } else {
                format!("{{ {} }}", parts.join(", "))
            }
        }
        Value::Secret(_) => text(MASK),
        Value::Secrets(secrets) => list(secrets.iter().map(|_| text(MASK)).collect()),
    }
}

fn json(value: &Value) -> Json {
    match value {
        Value::Text(text) => json!(text),
        Value::Word(word) => json!(word),
        Value::Path(path) => json!(path.to_string_lossy()),
        Value::Url(url) => json!(url.as_str()),
        Value::Listen(address) => json!(address),
        Value::Database(database) => json!(database.to_string()),
        Value::Switch(on) => json!(on),
        Value::Count(number) => json!(number),
        Value::Counts(numbers) => json!(numbers),
        Value::Words(words) => json!(words),
        Value::Texts(texts) => json!(texts),
        Value::Networks(networks) => networks
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .into(),
        Value::Amounts(amounts) => amounts
            .iter()
            .map(|amount| (amount.currency().code().to_owned(), json!(amount.minor())))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        Value::Secret(_) | Value::Secrets(_) => Json::Null,
    }
}
