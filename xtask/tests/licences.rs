// SPDX-License-Identifier: MIT OR Apache-2.0
//! The small licence check, on the real `deny.toml` and on planted packages.

use serde_json::json;
use xtask::licences::{Rules, is_allowed};
use xtask::workspace_root;

fn rules() -> Rules {
    let config =
        std::fs::read_to_string(workspace_root().join("deny.toml")).expect("deny.toml is there");
    Rules::read(&config).expect("deny.toml has a list of licences")
}

#[test]
fn the_lists_are_read_without_their_comments_and_reasons() {
    let rules = rules();
    assert!(rules.allowed_licences.contains(&"MIT".to_owned()));
    assert!(rules.banned.contains(&"openssl-sys".to_owned()));
    let chrono = ("chrono".to_owned(), vec!["parquet".to_owned()]);
    assert!(rules.wrapped.contains(&chrono));
    for name in &rules.banned {
        assert!(!name.contains(' '), "{name:?} is no name of a package");
    }
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    let table = [
        ("MIT", true),
        ("MIT/Apache-2.0", true),
        ("GPL-3.0-only OR MIT", true),
        ("MIT OR GPL-3.0-only", true),
        ("MIT AND GPL-3.0-only", false),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("MIT OR Apache-2.0 AND GPL-3.0-only", true),
        ("(MIT OR Apache-2.0) AND GPL-3.0-only", false),
        ("GPL-3.0-only WITH Classpath-exception-2.0", false),
        ("Apache-2.0 WITH LLVM-exception OR MIT", true),
        ("AGPL-3.0-or-later", false),
    ];
    for (expression, expected) in table {
        assert_eq!(
            is_allowed(expression, &rules().allowed_licences),
            Ok(expected),
            "{expression}"
        );
    }
}

#[test]
fn nonsense_is_no_licence() {
    for expression in ["", "MIT OR", "(MIT", "MIT Apache-2.0", "AND", "MIT)"] {
        assert!(
            is_allowed(expression, &rules().allowed_licences).is_err(),
            "{expression}"
        );
    }
}

#[test]
fn a_package_that_is_not_allowed_is_caught_for_each_reason() {
    let package = json!({
        "name": "native-tls", "version": "1.2.3", "license": "GPL-3.0-only",
        "source": "git+https://example.com/native-tls",
    });
    assert_eq!(
        rules().problems_of(&package),
        [
            "`native-tls 1.2.3` is under `GPL-3.0-only`, which deny.toml does not allow",
            "`native-tls 1.2.3` comes from `git+https://example.com/native-tls`, not from the registry",
            "`native-tls 1.2.3` is banned by deny.toml, which says why",
        ]
    );
    let nameless = json!({ "name": "trap", "version": "1.2.3", "license": null, "source": null });
    assert_eq!(
        rules().problems_of(&nameless),
        ["`trap 1.2.3` names no licence"]
    );
}

#[test]
fn a_list_that_the_small_check_cannot_read_is_not_passed_over() {
    assert!(Rules::read("[bans]\nallow = [\"MIT\"]").is_err());
    let with_exceptions = "[licenses]\nallow = [\"MIT\"]\n[[licenses.exceptions]]\ncrate = \"x\"";
    assert!(Rules::read(with_exceptions).is_err());
}

#[test]
fn a_package_behind_a_wrapper_comes_in_by_no_other_way() {
    let rules = rules();
    let node = |name: &str| {
        json!([{
            "id": format!("registry+somewhere#{name}@1.0.0"),
            "dependencies": ["registry+somewhere#chrono@0.4.45"],
        }])
    };
    assert_eq!(rules.unwrapped(&node("parquet")), Vec::<String>::new());
    assert_eq!(
        rules.unwrapped(&node("calendar")),
        ["`calendar` brings in `chrono`, which deny.toml allows only below others"]
    );
}
