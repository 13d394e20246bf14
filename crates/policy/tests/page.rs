// SPDX-License-Identifier: MIT OR Apache-2.0
//! The published page: complete, balanced, and never a way in for somebody else's markup.
#![expect(
    clippy::disallowed_methods,
    reason = "the tests read the reference policy from its file"
)]

use makegood_policy::page::PageOptions;
use makegood_policy::{Policy, Sources, read, read_sources};

const RULES: &str = "
```facts
drop_share : ratio [0 %..100 %]  label: \"the drop\"  source: delivery_log
guarantee : enum { running \"runs\", ended \"has ended\" }  label: \"the guarantee\"
secret_score : int [0..]  label: \"the score\"  disclose: never
```

```params
small_drop = 10 %  label: \"the usual drop\"
```

```terms
no_guarantee = guarantee == ended
```

```assume
secret_score > 5 implies guarantee == ended
drop_share > 50 % implies guarantee == running
```

```rule drop.small
when no_guarantee && drop_share <= small_drop
then declined
because \"The drop is {drop_share}; up to {small_drop} is usual.\"
except drop.odd when secret_score > 5 then review because \"We look.\"
```

```rule drop.large
when no_guarantee && !(drop_share <= small_drop)
then review suggesting redeliver(missing_units)
because \"It is large.\"
```

```rule drop.runs
when guarantee == running
then pay: refund(missing_units less small_drop), expedite
because \"The guarantee runs.\"
```

```test a small drop
given guarantee = ended, drop_share = 5 %, secret_score unknown
expect declined 1
```

```test a running guarantee
given guarantee = running
expect pay 1
```
";

fn text(prose: &str) -> String {
    format!(
        "---\npolicy: p\nversion: 2026-01-31\nlanguage: en\ntitle: Drops\n---\n# Drops\n\n## 1 Drops {{#1}}\n\n{prose}\n{RULES}"
    )
}

fn policy(text: &str) -> Policy {
    let reading = read(text);
    let files = [("policy.md", text)];
    let problems: Vec<String> = reading
        .problems
        .iter()
        .map(|p| p.render(&files, false))
        .collect();
    reading
        .policy
        .unwrap_or_else(|| panic!("{}", problems.join("\n")))
}

fn page(prose: &str) -> String {
    let policy = policy(&text(prose));
    let page = policy.page(&policy.editions[0], &PageOptions::default());
    assert_balanced(&page);
    page
}

/// Every tag that is opened is closed in order, every quotation mark in a tag too, and ids are used once.
fn assert_balanced(html: &str) {
    const ALONE: [&str; 5] = ["meta", "link", "br", "hr", "img"];
    let mut open: Vec<String> = Vec::new();
    let mut ids = std::collections::BTreeSet::new();
    let mut rest = html.strip_prefix("<!doctype html>").expect("a doctype");
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, next) = after.split_once('>').expect("a tag that ends");
        rest = next;
        assert_eq!(
            tag.matches('"').count() % 2,
            0,
            "quotation marks in <{tag}>"
        );
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        assert!(!name.is_empty(), "no tag: <{tag}>");
        if let Some((_, id)) = tag.split_once(" id=\"") {
            let id = id.split('"').next().unwrap_or("");
            assert!(ids.insert(id.to_owned()), "the id {id} is used twice");
        }
        if tag.starts_with('/') {
            assert_eq!(open.pop().as_deref(), Some(name.as_str()), "</{name}>");
        } else if !ALONE.contains(&name.as_str()) && !tag.ends_with('/') {
            open.push(name.clone());
        }
        if tag == "style" {
            rest = rest.split_once("</style").expect("a style that ends").1;
            rest = rest.split_once('>').expect("its end").1;
            open.pop();
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
    for link in html.split(" href=\"#").skip(1) {
        let target = link.split('"').next().unwrap_or("");
        let found = ids.contains(target) || target.contains('%');
        assert!(found, "the link #{target} leads nowhere");
    }
}

#[test]
fn a_page_has_its_landmarks_and_says_when_it_changed() {
    let page = page("A drop of {small_drop} is usual. {rule: drop.*}");
    for part in [
        "<html lang=\"en\">",
        "<title>Drops</title>",
        "<a class=\"skip\" href=\"#page-text\">Skip to the text</a>",
        "<main id=\"page-text\" tabindex=\"-1\">",
        "<time datetime=\"2026-01-31\">31 January 2026</time>",
        "<section id=\"1\">",
        "<a class=\"anchor\" href=\"#1\" aria-label=\"Link to clause 1\">#</a>",
        "<data class=\"param\" value=\"10 %\" title=\"the usual drop\">10%</data>",
    ] {
        assert!(page.contains(part), "{part} is missing");
    }
    assert_eq!(page.matches("<h1").count(), 1);
    assert_eq!(page.matches("<main").count(), 1);
    assert!(!page.contains("```") && !page.contains("{rule"));
}

#[test]
fn a_rule_is_said_in_words() {
    let page = page("Read this. {rule: drop.*}");
    for part in [
        "<dt>When all of this holds</dt><dd><ul><li><a class=\"term\" href=\"#term-no_guarantee\">no guarantee</a></li>",
        "<li><span class=\"fact\">the drop:</span> at most <data",
        // `!(drop_share <= small_drop)` turns around.
        "<li><span class=\"fact\">the drop:</span> more than <data",
        "<dt>When</dt><dd><p><span class=\"fact\">the guarantee:</span> runs</p></dd>",
        "<strong>Declined</strong>",
        "<p>Suggested to our staff:</p><ul><li>redeliver: missing units</li></ul>",
        "<li>refund: missing units less <data",
        "<li>expedite</li>",
        "<dt>Except</dt><dd><div class=\"rule\" id=\"rule-drop.odd\">",
        "The drop is <span class=\"gap\" role=\"img\" aria-label=\"the drop\" title=\"the drop\">…</span>; up to <data",
        "<dt id=\"term-no_guarantee\">no guarantee</dt><dd><span class=\"fact\">the guarantee:</span> has ended</dd>",
        "<li>If <span class=\"fact\">the drop:</span> more than 50%, then <span class=\"fact\">the guarantee:</span> runs</li>",
        "<li><span class=\"fact\">the guarantee:</span> runs → <strong>Pay</strong> (<a href=\"#1\">clause 1</a>)</li>",
    ] {
        assert!(page.contains(part), "{part} is missing");
    }
}

#[test]
fn a_fact_that_nobody_may_hear_of_is_not_on_the_page() {
    let page = page("Read this. {rule: drop.*}");
    assert!(!page.contains("score"));
    assert!(page.contains("<p>a fact that we do not show</p>"));
}

#[test]
fn prose_alone_leaves_the_rules_out() {
    let policy = policy(&text("Read this. {rule: drop.*}"));
    let options = PageOptions {
        prose_only: true,
        ..PageOptions::default()
    };
    let page = policy.page(&policy.editions[0], &options);
    assert_balanced(&page);
    assert!(!page.contains("<details"));
}

#[test]
fn marks_and_parameters_do_not_disturb_the_markdown_around_them() {
    let table = [
        // The stars of two prefixes would be one emphasis.
        (
            "One. {rule: drop.*} Two. {rule: drop.*} Three.",
            "<p>One. Two. Three.</p>",
        ),
        ("A_b {small_drop} c_d {small_drop} e.", "</data> c_d <data"),
        (
            "**At most {small_drop}.** {rule: drop.small}",
            "</data>.</strong></p>",
        ),
        ("*{small_drop}* is usual.", "<p><em><data"),
        ("One.\n{rule: drop.small}\nTwo.", "<p>One.\nTwo.</p>"),
        (
            "**One.** {rule:\n drop.small,\n drop.large}\nTwo.",
            "<p><strong>One.</strong>\nTwo.</p>",
        ),
        (
            "- One. {rule: drop.*}\n- *Two.* {no-rule}",
            "<li>One.</li>\n<li><em>Two.</em></li>",
        ),
        (
            "| a | b |\n| - | - |\n| One. {rule: drop.*} | {small_drop} {rule: drop.*} |",
            "<td>One.</td><td><data",
        ),
        ("> One. {no-rule}", "<p>One.</p>\n</blockquote>"),
        ("See `{small_drop}` there.", "<code>10%</code>"),
        (
            "[up to {small_drop}](#1 \"t\")",
            "<a href=\"#1\" title=\"t\">up to <data",
        ),
        ("One &amp; {small_drop} \\* two.", "<p>One &amp; <data"),
    ];
    for (prose, html) in table {
        let page = page(prose);
        assert!(
            page.contains(html),
            "{prose}\n{}",
            page.split("<main").nth(1).unwrap()
        );
        assert!(!page.contains('\u{1}'), "{prose}");
    }
}

#[test]
fn a_heading_may_carry_a_parameter_and_a_mark() {
    let text = format!(
        "---\npolicy: p\nversion: 2026-01-31\nlanguage: en\n---\n## 1 Up to {{small_drop}} {{no-rule}} {{#1}}\nText.\n{RULES}"
    );
    let policy = policy(&text);
    let page = policy.page(&policy.editions[0], &PageOptions::default());
    assert_balanced(&page);
    assert!(
        page.contains("<span>Up to 10%</span></a>"),
        "in the contents"
    );
    assert!(page.contains("<span class=\"number\">1</span> <span>Up to <data"));
}

#[test]
fn nothing_that_an_author_writes_becomes_markup() {
    const BAD: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";
    let quoted = BAD.replace('"', "\\\"");
    let text = format!(
        "---\npolicy: {BAD}\nversion: 2026-01-31\nlanguage: e\"><script>\ntitle: {BAD}\n---\n\n\
         {BAD}\n\n## {BAD} {{#a\"onload=\"x}}\n\n{BAD} inline {{small}}\n\n<div onclick=alert(3)>\nblock\n</div>\n\n\
         [a](javascript:alert(4)) [b](JaVa&#x0A;script:alert(5)) [c](<java\tscript:alert(6)>) [d](data:text/html,x)\n\
         <javascript:alert(7)> ![{BAD}](x.png) [ref]\n\n[ref]: vbscript:alert(8)\n\n\
         ```facts\nlate : enum {{ yes \"{quoted}\", no }}  label: \"{quoted}\"  source: x\n```\n\
         ```params\nsmall = 1 %  label: \"{quoted}\"\n```\n\
         ```rule a\nwhen late == yes\nthen pay\nbecause \"{quoted} {{late}} {{small}}\"\n```\n\
         ```rule b\nwhen late == no\nthen declined\nbecause \"{quoted}\"\n```\n\
         ```html\n{BAD}\n```\n"
    );
    let policy = policy(&text);
    let mut options = PageOptions::default();
    for bad in [BAD, "javascript:alert(9)"] {
        options.languages.push((bad.into(), bad.into()));
        options.versions.push((bad.into(), bad.into()));
    }
    let words = &mut options.words;
    words.outcomes.insert("pay".into(), BAD.into());
    words.sources.insert("x".into(), BAD.into());
    let page = policy.page(&policy.editions[0], &options);
    assert_balanced(&page);
    let lower = page.to_lowercase();
    for bad in [
        "<script",
        "<img",
        "<div onclick",
        "href=\"javascript",
        "href=\"java",
        "href=\"data",
        "href=\"vbscript",
    ] {
        assert!(!lower.contains(bad), "{bad}\n{page}");
    }
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(page.contains("default-src 'none'"));
    let clause = policy
        .clause_text(&policy.editions[0], "a\"onload=\"x")
        .unwrap();
    assert!(clause[0].ends_with("inline 1%"), "{clause:?}");
}

#[test]
fn clauses_nest_by_level_and_link_to_each_other() {
    let text = format!(
        "---\npolicy: p\nversion: 2026-01-31\nlanguage: en\n---\n### 0.1 Deep first {{#0.1}}\nA.\n## 1 One {{#1}}\nB.\n### 1.1 Sub {{#1.1}}\nSee [one](#1).\n#### 1.1.1 Subsub {{#1.1.1}}\nC.\n## 2 Two {{#2}}\n> ### 2.1 Quoted {{#2.1}}\n> D.\n{RULES}"
    );
    let policy = policy(&text);
    let page = policy.page(&policy.editions[0], &PageOptions::default());
    assert_balanced(&page);
    assert!(page.contains("<h3><span class=\"number\">1.1</span> <span>Sub</span></h3>"));
    assert!(page.contains("<p id=\"2.1\"><strong>2.1 Quoted</strong></p>"));
    assert!(page.contains("<a href=\"#1\">one</a>"));
}

#[test]
fn a_quote_is_the_marked_sentence_in_plain_words() {
    let prose = "Hello there. **Up to {small_drop}** is *usual*, see [below](#1). {rule: drop.small} A larger one we look at. {rule: drop.large}\n\n- We always `pay`. {rule: drop.*}\n- 2. maybe.";
    let policy = policy(&text(prose));
    let edition = &policy.editions[0];
    let quote = |rule: &str| policy.quote(edition, policy.rule_named(rule).unwrap());
    assert_eq!(quote("drop.small"), "Up to 10% is usual, see below.");
    assert_eq!(quote("drop.large"), "A larger one we look at.");
    assert_eq!(quote("drop.runs"), "We always pay.");
    assert_eq!(
        policy.clause_text(edition, "1").unwrap(),
        [
            "Hello there. Up to 10% is usual, see below. A larger one we look at.",
            "We always pay.",
            "maybe.",
        ]
    );
    assert_eq!(policy.clause_text(edition, "9"), None);
}

#[test]
fn a_rule_without_a_mark_quotes_the_first_sentence() {
    let policy = policy(&text("Hello there. And more."));
    let rule = policy.rule_named("drop.small").unwrap();
    assert_eq!(policy.quote(&policy.editions[0], rule), "Hello there.");
}

#[test]
fn a_table_is_read_row_by_row() {
    let policy = policy(&text(
        "| Drop | Answer |\n| - | - |\n| up to {small_drop} {no-rule} | no |",
    ));
    let clause = policy.clause_text(&policy.editions[0], "1").unwrap();
    assert_eq!(clause, ["Drop · Answer", "up to 10% · no"]);
}

#[test]
fn the_reference_policy_is_a_page_in_both_languages() {
    let folder = format!(
        "{}/../../policies/viplikes/2025-10-02/policy.",
        std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where")
    );
    let file = |language| std::fs::read_to_string(format!("{folder}{language}.md")).unwrap();
    let (danish, english) = (file("da").replace("host: makegood\n", ""), file("en"));
    let translations = [("policy.en.md", english.as_str())];
    let mut sources = Sources::new("policy.da.md", &danish);
    sources.translations = &translations;
    let policy = read_sources(&sources).policy.expect("it reads");
    let mut options = PageOptions::default();
    options.languages.push(("da".into(), "da.html".into()));
    options.languages.push(("en".into(), "en.html".into()));
    options
        .versions
        .push(("2025-03-01".into(), "old.html".into()));
    for edition in &policy.editions {
        let page = policy.page(edition, &options);
        assert_balanced(&page);
        assert_eq!(page.matches("<section ").count(), edition.clauses.len());
        assert!(!page.contains("{rule") && !page.contains("{no-rule") && !page.contains("{small"));
        assert!(page.contains("aria-current=\"true\"") && page.contains("hreflang"));
        for (at, rule) in policy.rules().iter().enumerate() {
            assert!(page.contains(&format!("id=\"rule-{}\"", rule.name)), "{at}");
            let quote = policy.quote(edition, policy.rule_named(&rule.name).unwrap());
            assert!(
                !quote.is_empty() && !quote.contains(['{', '*', '`']),
                "{quote}"
            );
        }
    }
    let page = policy.page(&policy.editions[0], &options);
    assert!(page.contains("Sådan afgøres det") && page.contains("2. oktober 2025"));
    assert!(page.contains("<a lang=\"en\" hreflang=\"en\" href=\"en.html\">English</a>"));
    assert!(
        page.contains(
            "<a href=\"old.html\"><time datetime=\"2025-03-01\">1. marts 2025</time></a>"
        )
    );
}
