// SPDX-License-Identifier: MIT OR Apache-2.0
//! Names of files, as people who do not know each other give them: text to be shown, nothing more.

use super::Kind;
use crate::policies::obeyed;

/// The most characters that a name has. More are cut out before its ending.
const LONGEST: usize = 100;

/// What a file is called where nothing is left of its name.
const NAMELESS: &str = "attachment";

/// A name that can be shown: no folders, nothing that a terminal or a page obeys or hides, not too long.
///
/// ```
/// assert_eq!(makegood::blob::display_name("C:\\pictures\\../my\u{202e}gpj.exe "), "mygpj.exe");
/// ```
#[must_use]
pub fn display_name(said: &str) -> String {
    let last = said
        .rsplit(['/', '\\'])
        .find(|part| !part.trim().is_empty())
        .unwrap_or_default();
    let spaced = last
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c });
    let seen: String = spaced.filter(|c| !obeyed(*c) && !hidden(*c)).collect();
    let words: Vec<&str> = seen.split(' ').filter(|word| !word.is_empty()).collect();
    let name = words.join(" ");
    let name = name.trim_matches(['.', ' ']);
    if name.is_empty() {
        return NAMELESS.to_owned();
    }
    shortened(name)
}

/// The name under which a file of this kind is saved: with an ending that fits.
#[must_use]
pub fn download_name(name: &str, kind: Kind) -> String {
    let name: String = display_name(name)
        .chars()
        .map(|c| if r#"<>:"|?*%"#.contains(c) { '_' } else { c })
        .collect();
    let fits = ending(&name)
        .is_some_and(|ending| kind.endings().contains(&ending.to_lowercase().as_str()));
    match kind.endings().first() {
        Some(proper) if !fits => format!("{name}.{proper}"),
        _ => name,
    }
}

/// `Content-Disposition` for an answer with this file (RFC 6266): whether a page may show it, and its name, in ASCII for old programs
/// and in full.
#[must_use]
pub fn content_disposition(inline: bool, name: &str, kind: Kind) -> String {
    let name = download_name(name, kind);
    let manner = if inline { "inline" } else { "attachment" };
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii() && !matches!(c, '\\' | '"') {
                c
            } else {
                '_'
            }
        })
        .collect();
    if plain == name {
        return format!("{manner}; filename=\"{plain}\"");
    }
    let mut full = String::new();
    for byte in name.bytes() {
        // What RFC 8187 lets stand as it is.
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            full.push(char::from(byte));
        } else {
            full.push_str(&format!("%{byte:02X}"));
        }
    }
    format!("{manner}; filename=\"{plain}\"; filename*=UTF-8''{full}")
}

fn ending(name: &str) -> Option<&str> {
    let (stem, ending) = name.rsplit_once('.')?;
    (!stem.is_empty()).then_some(ending)
}

/// Cuts a long name so that its ending stays.
fn shortened(name: &str) -> String {
    let count = name.chars().count();
    if count <= LONGEST {
        return name.to_owned();
    }
    let tail = ending(name)
        .map(|ending| format!("….{ending}"))
        .filter(|tail| tail.chars().count() <= LONGEST / 4)
        .unwrap_or_else(|| "…".to_owned());
    let room = LONGEST.saturating_sub(tail.chars().count());
    let head: String = name.chars().take(room).collect();
    format!("{}{tail}", head.trim_end())
}

/// Characters that take no place, or that no font has.
const fn hidden(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200d}'
            | '\u{2060}'..='\u{2065}'
            | '\u{206a}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e000}'..='\u{f8ff}'
            | '\u{e0000}'..='\u{10ffff}'
    )
}
