// SPDX-License-Identifier: MIT OR Apache-2.0
//! The README's picture: what the binary prints, drawn as an SVG of a terminal.

use std::path::Path;

use crate::cargo;

const CASE: &str = "examples/cases/partial-delivery.json";
const PICTURE: &str = "docs/decide.svg";
/// Columns of the drawn terminal.
const COLUMNS: usize = 84;

/// Runs `makegood decide` on the README's case and draws its page.
///
/// # Errors
/// The binary does not run, or the picture cannot be written.
pub fn run(root: &Path) -> Result<(), String> {
    let output = cargo(root)
        .args(["run", "--quiet", "--release", "-p", "makegood", "--"])
        .args(["decide", "--policy", "viplikes", "--lang", "en", CASE])
        .env("CLICOLOR_FORCE", "1")
        .env("COLUMNS", COLUMNS.to_string())
        .output()
        .map_err(|cause| format!("the binary does not start: {cause}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let page = String::from_utf8_lossy(&output.stdout);
    let shown = format!("$ makegood decide {CASE}\n\n{}", page.trim_end());
    let path = root.join(PICTURE);
    std::fs::create_dir_all(root.join("docs")).map_err(|cause| cause.to_string())?;
    std::fs::write(&path, svg(&shown)).map_err(|cause| format!("{PICTURE}: {cause}"))
}

/// Text with colour codes as an SVG: a line of text each, a span for each change of style.
#[must_use]
pub fn svg(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    // A character of a 14-pixel monospaced font is 8.43 pixels wide.
    let (row, margin) = (19, 22);
    let width = COLUMNS * 843 / 100 + 2 * margin;
    let height = lines.len() * row + 2 * margin;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"A decision as makegood prints it on a terminal\">\n\
         <style>text{{font:14px/1 ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#24292f;white-space:pre}}.s{{font-weight:700}}.d{{fill:#656d76}}.c32{{fill:#116329}}.c31{{fill:#a40e26}}.c36{{fill:#0a5c7a}}.c35{{fill:#6639ba}}rect{{fill:#fbfbf9;stroke:#d5d9de}}</style>\n\
         <rect x=\"0.5\" y=\"0.5\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>\n"
    );
    for (at, line) in lines.iter().enumerate() {
        if !line.is_empty() {
            let y = at * row + 36;
            out.push_str(&format!(
                "<text x=\"{margin}\" y=\"{y}\" xml:space=\"preserve\">{}</text>\n",
                spans(line)
            ));
        }
    }
    out.push_str("</svg>\n");
    out
}

/// A line with its styles as `tspan`s.
fn spans(line: &str) -> String {
    let mut out = String::new();
    let mut parts = line.split("\u{1b}[");
    out.push_str(&escape(parts.next().unwrap_or("")));
    for part in parts {
        let (codes, text) = part.split_once('m').unwrap_or(("0", part));
        let classes: Vec<String> = codes
            .split(';')
            .filter_map(|code| match code {
                "1" => Some("s".to_owned()),
                "2" => Some("d".to_owned()),
                "0" | "" => None,
                colour => Some(format!("c{colour}")),
            })
            .collect();
        if text.is_empty() {
            continue;
        }
        if classes.is_empty() {
            out.push_str(&escape(text));
        } else {
            out.push_str(&format!(
                "<tspan class=\"{}\">{}</tspan>",
                classes.join(" "),
                escape(text)
            ));
        }
    }
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::svg;

    #[test]
    fn styles_become_spans_and_signs_are_escaped() {
        let drawn = svg("\u{1b}[1;32mRefund\u{1b}[0m <EUR>");
        assert!(
            drawn.contains("<tspan class=\"s c32\">Refund</tspan> &lt;EUR&gt;"),
            "{drawn}"
        );
        assert!(!drawn.contains('\u{1b}'));
    }
}
