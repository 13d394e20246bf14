// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random rules over facts of every type, as the text of a policy, and values close to their constants.

use makegood_policy::condition::FactId;
use makegood_policy::fact::{Kind, Ratio, Value};
use makegood_policy::{Policy, Sources, read_sources};

/// Steele, Lea and Flood's splitmix64: small, and the same everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        let n = u64::try_from(n).expect("64 bits");
        usize::try_from(self.next() % n).expect("64 bits")
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }
}

/// A type as it is declared, and constants of it. Bounds shut some of the constants out.
type Type = (&'static str, &'static [&'static str]);

const TYPES: [Type; 10] = [
    ("bool", &["true", "false"]),
    (
        "enum { red, green, blue, grey }",
        &["red", "green", "blue", "grey"],
    ),
    ("int", &["-3", "0", "1", "2", "7", "4000000000000000000"]),
    ("int [0..5]", &["-3", "0", "1", "2", "5", "7"]),
    (
        "ratio",
        &["-1/3", "0 %", "10 %", "12.5 %", "2/7", "1/3", "100 %", "2"],
    ),
    (
        "ratio [0 %..100 %]",
        &["-1/3", "0 %", "10 %", "1/3", "100 %", "150 %"],
    ),
    (
        "money",
        &["-1.00 EUR", "0.00 EUR", "4.99 EUR", "5 EUR", "100 EUR"],
    ),
    (
        "duration",
        &["-20 min", "0 s", "0.5 s", "45 s", "12 h", "30 d"],
    ),
    (
        "duration [0 s..30 d]",
        &["0 s", "45 s", "12 h", "30 d", "31 d"],
    ),
    (
        "instant",
        &[
            "1969-12-31T23:59:59Z",
            "1970-01-01",
            "2024-02-29T12:30:00Z",
            "2025-10-02",
            "2025-10-02T00:00:01Z",
        ],
    ),
];

/// A policy's text, and the types of its facts by place.
pub struct Model {
    pub text: String,
    types: Vec<(Type, bool)>,
}

impl Model {
    /// `named_absent` also writes `== absent` and `in {absent, …}`.
    pub fn new(random: &mut Random, named_absent: bool) -> Self {
        let types: Vec<(Type, bool)> = (0..1 + random.below(6))
            .map(|_| (TYPES[random.below(TYPES.len())], random.one_in(3)))
            .collect();
        let mut writer = Writer {
            random,
            types: &types,
            named_absent,
        };
        let mut text = "---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n# P\n".to_owned();
        for (at, clause) in ["a", "b"].into_iter().enumerate() {
            text += &format!("## {clause} Clause {{#{clause}}}\n");
            if at == 0 {
                text += &writer.facts();
            }
            for rule in 0..1 + writer.random.below(3) {
                text += &writer.rule(&format!("{clause}{rule}"));
            }
        }
        Self { text, types }
    }

    /// Reads the text; no diagram is built.
    pub fn read(&self) -> Policy {
        let sources = Sources {
            keep_going: &|| false,
            ..Sources::new("policy.md", &self.text)
        };
        let reading = read_sources(&sources);
        match reading.policy {
            Some(policy) => policy,
            None => panic!("{:#?}\n{}", reading.problems, self.text),
        }
    }

    /// A value for each fact: absent, a constant of the text, or right beside one.
    pub fn values(&self, random: &mut Random, policy: &Policy) -> Vec<Value> {
        policy
            .facts()
            .map(|(id, _)| self.value(random, policy, id))
            .collect()
    }

    fn value(&self, random: &mut Random, policy: &Policy, id: FactId) -> Value {
        let ((_, constants), optional) = self.types[id.index()];
        if optional && random.one_in(4) {
            return Value::Absent;
        }
        let def = policy.fact_def(id);
        loop {
            let constant = random.pick(constants);
            let value = policy.parse_value(id, constant).expect("of its type");
            let value = beside(random, value);
            assert_ne!((&def.kind, value), (&Kind::Bool, Value::Absent));
            if def.cell(value).is_some() {
                return value;
            }
        }
    }
}

fn beside(random: &mut Random, value: Value) -> Value {
    let step = [-1, 0, 0, 1][random.below(4)];
    match value {
        Value::Int(n) => Value::Int(n + step),
        Value::Money(n, currency) => Value::Money(n + step, currency),
        Value::Duration(ns) => Value::Duration(ns + i128::from(step)),
        Value::Instant(ns) => Value::Instant(ns + i128::from(step)),
        Value::Ratio(ratio) => {
            // The same share in other terms, or a little off.
            let times = [1, 3, 1000, 1_000_003][random.below(4)];
            let num = ratio.numerator() * times + i128::from(step);
            Value::Ratio(Ratio::new(num, ratio.denominator() * times).expect("small"))
        }
        other => other,
    }
}

struct Writer<'a> {
    random: &'a mut Random,
    types: &'a [(Type, bool)],
    named_absent: bool,
}

impl Writer<'_> {
    fn facts(&mut self) -> String {
        let mut text = "```facts\n".to_owned();
        for (at, ((of, _), optional)) in self.types.iter().enumerate() {
            let optional = if *optional { " optional" } else { "" };
            text += &format!("f{at} : {of}{optional}\n");
        }
        text + "```\n"
    }

    fn rule(&mut self, id: &str) -> String {
        let when = self.condition(3);
        let mut text = format!("```rule {id}\nwhen {when}\nthen yes because \"\"\n");
        for nested in 0..self.random.below(3) {
            let when = self.condition(2);
            text += &format!("except {id}x{nested} when {when} then no because \"\"");
            if self.random.one_in(2) {
                let when = self.condition(1);
                text +=
                    &format!(" {{ except {id}x{nested}y when {when} then maybe because \"\" }}");
            }
            text += "\n";
        }
        text + "```\n"
    }

    fn condition(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.test();
        }
        let parts: Vec<String> = (0..2 + self.random.below(2))
            .map(|_| self.condition(depth - 1))
            .collect();
        match self.random.below(8) {
            0 => self.test(),
            1 => ["true", "false"][self.random.below(2)].to_owned(),
            2 => format!("!({})", parts[0]),
            3 => format!("({} implies {})", parts[0], parts[1]),
            4 | 5 => format!("({})", parts.join(" || ")),
            _ => format!("({})", parts.join(" && ")),
        }
    }

    fn test(&mut self) -> String {
        let at = self.random.below(self.types.len());
        let ((of, constants), optional) = self.types[at];
        let constant = self.random.pick(constants);
        let ordered = of != "bool" && !of.starts_with("enum");
        match self.random.below(10) {
            0 if optional => format!("f{at} is absent"),
            1 if optional => format!("f{at} is present"),
            2 if optional && self.named_absent => format!("f{at} == absent"),
            3 if optional && self.named_absent => format!("f{at} != absent"),
            4 if optional && self.named_absent => format!("f{at} in {{absent, {constant}}}"),
            5 if of == "bool" => format!("f{at}"),
            5 if ordered => {
                let mut ends = [
                    self.random.below(constants.len()),
                    self.random.below(constants.len()),
                ];
                // The constants stand in their order.
                ends.sort_unstable();
                format!("f{at} in {}..{}", constants[ends[0]], constants[ends[1]])
            }
            6 => {
                let other = self.random.pick(constants);
                format!("f{at} in {{{constant}, {other}}}")
            }
            7 => format!("f{at} != {constant}"),
            8 | 9 if ordered => {
                let sign = self.random.pick(&["<", "<=", ">", ">="]);
                format!("f{at} {sign} {constant}")
            }
            _ => format!("f{at} == {constant}"),
        }
    }
}
