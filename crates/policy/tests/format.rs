// SPDX-License-Identifier: MIT OR Apache-2.0
//! Formatting: one layout, reached in one step, that decides as before.
#![expect(
    clippy::disallowed_methods,
    reason = "the tests read the reference policy from its file"
)]

use makegood_policy::format::format;
use makegood_policy::page::PageOptions;
use makegood_policy::{Policy, Sources, read_sources};
use proptest::prelude::*;

const FRONT: &str = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n## 1 A {#1}\n";

fn formatted(text: &str) -> String {
    let once = format(text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
    let twice = format(&once).unwrap_or_else(|problems| panic!("{problems:?}\n{once}"));
    assert_eq!(twice, once, "formatting twice changes something");
    once
}

/// What stands between the front matter and the end.
fn block(text: &str) -> String {
    let out = formatted(&format!("{FRONT}{text}"));
    out.strip_prefix(FRONT)
        .expect("the front matter stays")
        .to_owned()
}

#[test]
fn a_rule_is_laid_out_in_one_order() {
    let text = "```rule drop.small
because   \"It is
   small.\"   then  declined
  overrides: other.*,left.undelivered when (claim==dropped)&&!late&&share<=10% cite:26
except drop.odd when odd then review suggesting redeliver( a+b less c ) ,expedite because \"Odd.\" { except drop.very-odd when very then declined because \"\" {except drop.c when true then judge again with state=stopped because \"\"}}
except drop.two when n in 1..5 then declined because \"\"
```
";
    assert_eq!(
        block(text),
        "```rule drop.small
cite: 26
when (claim == dropped) && !late && share <= 10 %
then declined
overrides: other.*, left.undelivered
because \"It is small.\"
except drop.odd
    when odd
    then review suggesting redeliver(a + b less c), expedite
    because \"Odd.\"
    {
        except drop.very-odd
            when very
            then declined
            because \"\"
            {
                except drop.c
                    when true
                    then judge again with state = stopped
                    because \"\"
            }
    }
except drop.two
    when n in 1..5
    then declined
    because \"\"
```
"
    );
}

#[test]
fn a_long_condition_breaks_at_its_loosest_operators() {
    let text = "```rule a
when (claim == dropped && !left_over) || (claim in {not_started, not_received, incomplete} && closed && open_undelivered == 0)
then declined
because \"\"
```

```terms
short = a
long_name = state == completed && !(units_delivered == 0 || units_left > 1000 || open_undelivered > 1000 || open_dropped > 1000)
listed = claim in {not_started_yet, not_received_yet, incomplete_as_it_is, automatic_not_working, account_faulty}
```

```assume
account_handed_over && service_kind == account && units_left == 0 implies units_delivered > 0 && account_named
```
";
    assert_eq!(
        block(text),
        "```rule a
when (claim == dropped && !left_over)
     || (claim in {not_started, not_received, incomplete} && closed && open_undelivered == 0)
then declined
because \"\"
```

```terms
short     = a
long_name = state == completed
            && !(units_delivered == 0
                 || units_left > 1000
                 || open_undelivered > 1000
                 || open_dropped > 1000)
listed    = claim in {not_started_yet, not_received_yet, incomplete_as_it_is, automatic_not_working,
                account_faulty}
```

```assume
account_handed_over && service_kind == account && units_left == 0
    implies units_delivered > 0 && account_named
```
"
    );
}

#[test]
fn facts_stand_in_a_table_or_in_lines() {
    let text = "```facts
late:bool
drop_share:ratio[0%..100%] source:log label:\"the drop\"
```

```facts
guarantee : enum {running \"runs\",ended \"has ended\"} ask:\"Does it run?\" source: log label: \"the guarantee of the delivery\" cost:20min fixed
claim : enum { not_started \"the delivery has not begun\", not_received \"nothing has come\", other \"something else\" } optional usual: other
```
";
    assert_eq!(
        block(text),
        "```facts
late       : bool
drop_share : ratio [0 %..100 %]  label: \"the drop\"  source: log
```

```facts
guarantee : enum { running \"runs\", ended \"has ended\" }
    label: \"the guarantee of the delivery\"  source: log  cost: 20 min  fixed
    ask: \"Does it run?\"
claim : enum {
    not_started \"the delivery has not begun\", not_received \"nothing has come\",
    other \"something else\"
} optional
    usual: other
```
"
    );
}

#[test]
fn params_and_tests_are_aligned_and_filled() {
    let text = "```params
small=10%label:\"the usual drop\"
account_claim_window   = 12h   label: \"time to write\"
third=1/3
```

```test   a  test
given claim = incomplete, wants=redelivery,units_delivered = 900, open_undelivered = 100, redelivery_possible unknown
expect  ask   redelivery_possible,counts
```
";
    assert_eq!(
        block(text),
        "```params
small                = 10 %    label: \"the usual drop\"
account_claim_window = 12 h    label: \"time to write\"
third                = 1/3
```

```test   a  test
given claim = incomplete, wants = redelivery, units_delivered = 900, open_undelivered = 100,
      redelivery_possible unknown
expect ask redelivery_possible, counts
```
"
    );
}

#[test]
fn a_translation_keeps_its_texts() {
    let text = "---\npolicy:   p\n\n# why\ntranslation_of :da   # the source\n---\n\n```facts
guarantee: label:\"the guarantee\" values:{running \"runs\",ended \"has ended\"}
state : values: { queued \"is waiting to begin with it\", in_progress \"is under way with us\", completed \"was reported complete\" } ask: \"How is it?\"
```

```params
small label:\"drop\"
longer   label: \"x\"
```

```because a
  It is   small.
```
";
    assert_eq!(
        formatted(text),
        "---\npolicy: p\n# why\ntranslation_of: da  #  the source\n---\n\n```facts
guarantee : label: \"the guarantee\"  values: { running \"runs\", ended \"has ended\" }
state :
    values: {
        queued \"is waiting to begin with it\", in_progress \"is under way with us\",
        completed \"was reported complete\"
    }
    ask: \"How is it?\"
```

```params
small  label: \"drop\"
longer label: \"x\"
```

```because a
  It is   small.
```
"
        .replace("#  the", "# the")
    );
}

#[test]
fn comments_stay_with_their_words() {
    let text = "```rule a
# The order.
because \"x\"   # a reason
# The condition.
when a &&   # first
  # second
  b
# The effect.
then x  {   # nested
except b when c then y because \"\"
# last
}
# end
```

```facts
# Two facts.
late : bool   # late
   # the label
   label: \"x\"  # shown


early : bool

# Nothing else.
```

```assume
a;  # one
# two
b; c
```
";
    assert_eq!(
        block(text),
        "```rule a
# The condition.
when a &&  # first
     # second
     b
# The effect.
then x
# The order.
because \"x\"  # a reason
# nested
except b
    when c
    then y
    because \"\"
# last
# end
```

```facts
# Two facts.
late : bool  # late
    # the label
    label: \"x\"  # shown

early : bool

# Nothing else.
```

```assume
a
# one
# two
b
c
```
"
    );
}

#[test]
fn prose_keeps_its_bytes() {
    let text = "---\na: b\n---\n\n\n\n\n# T   \n\nA line that breaks  \nhere.\t\n> quote \n\n```html\n keep   \n\n\n\n```\n\n    code   \n\n-  item\n   ```rule x\n   when a then b because \"\"\n   ```\n|a|b|  \n\n\n";
    assert_eq!(
        formatted(text),
        "---\na: b\n---\n\n\n# T\n\nA line that breaks  \nhere.\n> quote\n\n```html\n keep   \n\n\n\n```\n\n    code   \n\n-  item\n   ```rule x\n   when a\n   then b\n   because \"\"\n   ```\n|a|b|\n"
    );
    assert_eq!(formatted("no policy at all  "), "no policy at all\n");
    assert_eq!(formatted(""), "");
    assert_eq!(
        formatted("---\r\na:b\r\n---\r\nText\r\n```rule a\r\nwhen x\r\nthen y\r\n```\r\n"),
        "---\na: b\n---\nText\n```rule a\nwhen x\nthen y\n```\n"
    );
}

#[test]
fn a_block_that_cannot_be_read_is_named_and_nothing_changes() {
    for text in [
        "```rule a\nwhen x = 3 then y\n```\n",
        "```facts\nx : number\n```\n",
        "```rule a\nwhen x then y\n",
        "```test t\ngiven x\n```\n",
        "```params\nx = \"\u{202e}\"\n```\n",
    ] {
        let problems = format(text).expect_err(text);
        assert_eq!(problems.len(), 1, "{text}");
    }
}

fn reference(change: impl Fn(&str) -> String) -> Policy {
    let folder = format!(
        "{}/../../policies/viplikes/2025-10-02/policy.",
        std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where")
    );
    let file = |language| {
        std::fs::read_to_string(format!("{folder}{language}.md"))
            .expect("the reference policy")
            .replace("host: makegood\n", "")
    };
    let (danish, english) = (change(&file("da")), change(&file("en")));
    let translations = [("policy.en.md", english.as_str())];
    let mut sources = Sources::new("policy.da.md", &danish);
    sources.translations = &translations;
    read_sources(&sources).policy.expect("it reads")
}

#[test]
fn the_reference_policy_decides_as_before() {
    let (before, after) = (reference(str::to_owned), reference(formatted));
    assert_same(&before, &after);
}

fn assert_same(before: &Policy, after: &Policy) {
    assert_eq!(before.digest, after.digest);
    assert_eq!(before.editions.len(), after.editions.len());
    for (a, b) in before.editions.iter().zip(&after.editions) {
        assert_eq!(a.words, b.words);
        // The page says every rule, term, assumption and test.
        let page = |policy: &Policy, edition| policy.page(edition, &PageOptions::default());
        assert_eq!(page(before, a), page(after, b));
        let clauses = |edition: &makegood_policy::clause::Edition| {
            let text = |clause: &makegood_policy::clause::Clause| {
                clause
                    .sentences
                    .iter()
                    .map(|s| s.text.clone())
                    .collect::<Vec<_>>()
            };
            edition.clauses.iter().map(text).collect::<Vec<_>>()
        };
        assert_eq!(clauses(a), clauses(b));
    }
    let facts = |policy: &Policy| {
        let facts = policy.facts().map(|(_, def)| {
            format!(
                "{} {} {} {:?} {} {} {:?}",
                def.name,
                def.source,
                def.cost_seconds,
                def.disclose,
                def.advice,
                def.fixed,
                def.usual
            )
        });
        facts.collect::<Vec<_>>()
    };
    assert_eq!(facts(before), facts(after));
}

const FACTS: &str = "```facts
flag : bool optional
kind : enum {red, green, blue}
share : ratio [0 %..100 %]
age : duration
count : int
```
```params
limit = 30 %
```
";

/// The words of a condition.
fn condition() -> impl Strategy<Value = Vec<&'static str>> {
    let leaf = prop_oneof![
        Just(vec!["flag"]),
        Just(vec!["flag", "is", "present"]),
        Just(vec!["kind", "==", "red"]),
        Just(vec!["kind", "in", "{", "red", ",", "blue", "}"]),
        Just(vec!["share", "<=", "limit"]),
        Just(vec!["share", ">", "12.5%"]),
        Just(vec!["age", "in", "12h", "..", "3  d"]),
        Just(vec!["count", "!=", "-3"]),
        Just(vec!["true"]),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let many = |sign: &'static str, inner: BoxedStrategy<Vec<&'static str>>| {
            prop::collection::vec(inner, 2..5).prop_map(move |parts| {
                let mut out = vec!["("];
                out.extend(parts.join(sign_slice(sign)));
                out.push(")");
                out
            })
        };
        let inner = inner.boxed();
        prop_oneof![
            many("&&", inner.clone()),
            many("||", inner.clone()),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| [
                vec!["("],
                a,
                vec!["implies"],
                b,
                vec![")"]
            ]
            .concat()),
            inner.prop_map(|part| [vec!["!"], part].concat()),
        ]
    })
}

fn sign_slice(sign: &'static str) -> &'static [&'static str] {
    if sign == "&&" { &["&&"] } else { &["||"] }
}

/// The words of a rule behind its id, in any order, with exceptions in it.
fn rule(depth: u32, id: &'static str) -> BoxedStrategy<Vec<String>> {
    let own = |words: &[&str]| {
        words
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    let when = condition().prop_map(move |words| [own(&["when"]), own(&words)].concat());
    let then = prop_oneof![
        Just(own(&["then", "declined"])),
        Just(own(&[
            "then", "refund", ":", "refund", "(", "all", "+", "rest", "less", "limit", ")", ",",
            "expedite"
        ])),
        Just(own(&[
            "then",
            "review",
            "suggesting",
            "expedite",
            ",",
            "restart"
        ])),
        Just(own(&["then", "judge", "again", "with", "count", "=", "3"])),
    ];
    let because = Just(own(&["because", "\"It is  so # and\n so.\""]));
    let cite = prop_oneof![Just(own(&[])), Just(own(&["cite", ":", "7"]))];
    let parts = (when, then, because, cite)
        .prop_map(|(a, b, c, d)| vec![a, b, c, d])
        .prop_shuffle();
    if depth == 0 {
        return parts.prop_map(|parts| parts.concat()).boxed();
    }
    let inner = (
        any::<bool>(),
        any::<bool>(),
        rule(depth.saturating_sub(1), id),
        rule(0, id),
    );
    (parts, inner, 0..4_usize)
        .prop_map(move |(mut parts, (one, braces, first, second), at)| {
            let mut block = Vec::new();
            let exceptions = [Some(first), one.then_some(second)];
            for (n, words) in exceptions.into_iter().flatten().enumerate() {
                block.extend(["except".to_owned(), format!("{id}.x{depth}-{n}")]);
                block.extend(words);
            }
            if braces || depth < 2 {
                block.insert(0, "{".to_owned());
                block.push("}".to_owned());
                parts.insert(at, block);
            } else {
                parts.push(block);
            }
            parts.concat()
        })
        .boxed()
}

/// Words with white space and comments between them, as it comes.
fn scattered(words: &[String], gaps: &[u8]) -> String {
    let mut out = String::new();
    for (word, gap) in words.iter().zip(gaps.iter().cycle()) {
        out.push_str(word);
        out.push_str(match gap % 16 {
            0 => "  # behind\n",
            1 => "\n# own\n\n  # more\n",
            2 => "\n\n\n",
            3 | 4 => "\n    ",
            _ => " ",
        });
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_rule_keeps_its_meaning(words in rule(2, "a"), other in condition(), gaps in prop::collection::vec(any::<u8>(), 1..80)) {
        let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let other = own(&other);
        let more = [own(&["term", "="]), other.clone(), own(&["second", "="]), other.clone()].concat();
        let text = format!(
            "{FRONT}{FACTS}```rule a\n{}\n```\n```terms\n{}\n```\n```assume\n{}\n```\n",
            scattered(&words, &gaps),
            scattered(&more, &gaps),
            scattered(&[other.clone(), own(&[";"]), other].concat(), &gaps),
        );
        let before = makegood_policy::read(&text);
        prop_assert!(before.policy.is_some(), "{:?}\n{text}", before.problems);
        let out = formatted(&text);
        let after = makegood_policy::read(&out);
        prop_assert!(after.policy.is_some(), "{:?}\n{out}", after.problems);
        assert_same(&before.policy.unwrap(), &after.policy.unwrap());
        prop_assert_eq!(out.matches('#').count(), text.matches('#').count());
    }

    #[test]
    fn any_bytes_format_without_a_panic(text in "(```(rule a|facts|test t|terms|params|assume)\n|```\n|[a-c=:{}(),\"#&|!. 0-9%\n-]|when |then |label: |except b ){0,60}") {
        if let Ok(once) = format(&text) {
            let twice = format(&once);
            prop_assert_eq!(twice, Ok(once));
        }
    }
}
