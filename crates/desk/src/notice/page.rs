// SPDX-License-Identifier: MIT OR Apache-2.0
//! A letter as plain text: what a mail program without colours shows.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::{Figure, Notice, Paragraph};
use crate::input::Language;

/// The longest line.
const WIDTH: usize = 72;

pub(super) fn text(notice: &Notice) -> String {
    let mut blocks: Vec<Vec<String>> = Vec::new();
    blocks.push(alloc::vec![notice.greeting.clone()]);
    let mut heading: Option<String> = None;
    for paragraph in &notice.paragraphs {
        let mut lines: Vec<String> = heading.take().into_iter().collect();
        match paragraph {
            // It stands right above what it is about.
            Paragraph::Heading(text) => {
                heading = Some(text.clone());
                continue;
            }
            Paragraph::Lead(text) | Paragraph::Text(text) => wrap("", "", text, &mut lines),
            Paragraph::Quote { source, words, .. } => {
                wrap("", "", &format!("{source}:"), &mut lines);
                lines.push(String::new());
                for (place, text) in quoted(notice.language, words).iter().enumerate() {
                    if place > 0 {
                        lines.push(String::new());
                    }
                    wrap("    ", "    ", text, &mut lines);
                }
            }
            Paragraph::Figures(figures) => table(figures, &mut lines),
            Paragraph::List(items) => {
                for item in items {
                    wrap("- ", "  ", item, &mut lines);
                }
            }
            Paragraph::Steps(items) => {
                for (place, item) in items.iter().enumerate() {
                    numbered(place, item, &mut lines);
                }
            }
            Paragraph::Questions(questions) => {
                for (place, question) in questions.iter().enumerate() {
                    if questions.len() == 1 {
                        wrap("- ", "  ", &question.ask, &mut lines);
                    } else {
                        numbered(place, &question.ask, &mut lines);
                    }
                    let indent = if questions.len() == 1 { "  " } else { "   " };
                    if let Some(why) = &question.why {
                        wrap(indent, indent, why, &mut lines);
                    }
                }
            }
        }
        blocks.push(lines);
    }
    blocks.push(alloc::vec![notice.closing.clone(), notice.sender.clone()]);
    let blocks: Vec<String> = blocks.iter().map(|lines| lines.join("\n")).collect();
    let mut text = loosened(&blocks.join("\n\n"));
    text.push('\n');
    text
}

/// With common spaces where words were held together: the lines are broken by now.
pub(super) fn loosened(text: &str) -> String {
    text.replace('\u{a0}', " ")
}

fn numbered(place: usize, item: &str, lines: &mut Vec<String>) {
    let first = format!("{}. ", place.saturating_add(1));
    wrap(&first, "   ", item, lines);
}

/// Words between the marks of the language.
fn quoted(language: Language, words: &[String]) -> Vec<String> {
    let (open, close) = match language {
        Language::Danish => ("»", "«"),
        Language::English => ("“", "”"),
    };
    let last = words.len().saturating_sub(1);
    let mark = |(place, text): (usize, &String)| {
        let open = if place == 0 { open } else { "" };
        let close = if place == last { close } else { "" };
        format!("{open}{text}{close}")
    };
    words.iter().enumerate().map(mark).collect()
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// Breaks a text into lines, the first with one beginning and the others with another. A word that is longer than a line stays whole.
fn wrap(first: &str, others: &str, text: &str, lines: &mut Vec<String>) {
    for part in text.split('\n') {
        let mut line = first.to_string();
        let mut begun = false;
        for word in part.split(' ').filter(|word| !word.is_empty()) {
            if begun && width(&line).saturating_add(width(word)) >= WIDTH {
                lines.push(core::mem::replace(&mut line, others.to_string()));
                begun = false;
            }
            if begun {
                line.push(' ');
            }
            line.push_str(word);
            begun = true;
        }
        lines.push(line);
    }
}

/// Labels to the left, figures to the right.
fn table(figures: &[Figure], lines: &mut Vec<String>) {
    let widest = |of: fn(&Figure) -> &str| figures.iter().map(|f| width(of(f))).max().unwrap_or(0);
    let (labels, numbers) = (
        widest(|figure| &figure.label),
        widest(|figure| &figure.figure),
    );
    let labels = labels.min(WIDTH.saturating_sub(numbers.saturating_add(4)));
    for figure in figures {
        let Figure { label, figure, .. } = figure;
        if width(label) > labels {
            wrap("  ", "  ", label, lines);
            let gap = labels.saturating_add(4).saturating_add(numbers);
            lines.push(format!("{figure:>gap$}"));
        } else {
            let gap = labels.saturating_sub(width(label));
            lines.push(format!("  {label}{:gap$}  {figure:>numbers$}", ""));
        }
    }
}
