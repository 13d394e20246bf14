// SPDX-License-Identifier: MIT OR Apache-2.0
//! The repository is tidy, and each kind of untidiness is found when it is planted.

mod planted;

use planted::House;
use xtask::tidy::{LICENCE_LINE, problems};
use xtask::workspace_root;

const MAP: &str = "\
| room | takes and gives |
| --- | --- |
| `desk` | a case and an input, events |

### `crates/desk/src`

| file | what it holds |
| --- | --- |
| `lib.rs` | the front page |
| `amount/split.rs` | the split of an amount |
";

const README: &str = "\
Two commands:
```sh
cargo run --release -- demo
```
```sh
cargo xtask test
```
See [the map](ARCHITECTURE.md#rooms) and [the cases](examples/cases), `examples/cases/one.json`.
";

#[test]
fn the_repository_is_tidy() {
    assert_eq!(problems(&workspace_root()), Ok(Vec::new()));
}

#[test]
fn a_tidy_house_has_no_problem() {
    check("tidy", |_| {}, &[]);
}

#[test]
fn a_file_that_the_map_forgets() {
    check(
        "map-forgets",
        |house| write_source(house, "crates/desk/src/units.rs"),
        &[
            "ARCHITECTURE.md: `crates/desk/src/units.rs` is not in the map; under `crates/desk/src` add: | `units.rs` | A file |",
        ],
    );
}

#[test]
fn a_file_that_is_gone_and_still_in_the_map() {
    check(
        "map-remembers",
        |house| {
            replace(
                house,
                "ARCHITECTURE.md",
                "`lib.rs`",
                "`gone.rs` | |\n| `lib.rs`",
            )
        },
        &["ARCHITECTURE.md: the map names `crates/desk/src/gone.rs`, which is not there"],
    );
}

#[test]
fn a_file_that_stands_in_the_map_twice() {
    check(
        "map-stammers",
        |house| {
            replace(
                house,
                "ARCHITECTURE.md",
                "`lib.rs`",
                "`lib.rs` | |\n| `lib.rs`",
            )
        },
        &["ARCHITECTURE.md: `crates/desk/src/lib.rs` stands in the map twice"],
    );
}

#[test]
fn a_room_that_the_map_forgets() {
    check(
        "map-forgets-a-room",
        |house| {
            house.write("crates/press/Cargo.toml", "");
        },
        &[
            "ARCHITECTURE.md: no heading for the files of `crates/press/src`",
            "ARCHITECTURE.md: the table of rooms has no row for `press`",
        ],
    );
}

#[test]
fn a_room_that_is_gone_and_still_in_the_map() {
    check(
        "map-remembers-a-room",
        |house| {
            replace(
                house,
                "ARCHITECTURE.md",
                "\n### ",
                "\n### `crates/attic/src`\n\n### ",
            )
        },
        &["ARCHITECTURE.md: a heading for `crates/attic/src`, which is not there"],
    );
}

#[test]
fn a_source_without_its_licence_line() {
    check(
        "no-licence",
        |house| {
            house.write("crates/desk/src/lib.rs", "//! The desk.\n");
        },
        &[
            "crates/desk/src/lib.rs:1: does not begin with `// SPDX-License-Identifier: MIT OR Apache-2.0`",
        ],
    );
}

#[test]
fn a_path_of_one_machine_and_the_host_of_a_registry() {
    let path = ["/ho", "me/"].concat();
    let host = ["crates", ".io"].concat();
    check(
        "foreign",
        |house| {
            house.write(
                "notes.txt",
                &format!("fine: a{path}\nsee {path}ann and {host}\n"),
            );
        },
        &[
            &format!("notes.txt:2: `{path}` belongs to one machine or one network"),
            &format!("notes.txt:2: `{host}` belongs to one machine or one network"),
        ],
    );
}

#[test]
fn a_link_that_leads_nowhere() {
    check(
        "dead-link",
        |house| replace(house, "README.md", "ARCHITECTURE.md#rooms", "PLAN.md"),
        &["README.md:8: a link to `PLAN.md`, which is not there"],
    );
}

#[test]
fn a_command_that_is_not_there() {
    check(
        "no-command",
        |house| replace(house, "README.md", "Two commands", "`cargo xtask sweep`"),
        &["README.md:1: there is no command `cargo xtask sweep`"],
    );
}

#[test]
fn a_readme_that_loses_a_command_or_takes_it_out_of_its_block() {
    check(
        "readme-without-block",
        |house| {
            replace(
                house,
                "README.md",
                "```sh\ncargo xtask test\n```",
                "cargo xtask test",
            )
        },
        &["README.md: no block has the line `cargo xtask test`"],
    );
}

#[test]
fn a_readme_whose_example_is_gone() {
    check(
        "readme-without-example",
        |house| replace(house, "README.md", "one.json", "two.json"),
        &["README.md: names `examples/cases/two.json`, which is not there"],
    );
}

fn check(name: &str, plant: impl Fn(&House), expected: &[&str]) {
    let house = House::new(&format!("tidy-{name}"));
    house
        .write("Cargo.toml", "")
        .write("ARCHITECTURE.md", MAP)
        .write("README.md", README)
        .write("examples/cases/one.json", "{}")
        .write("crates/desk/Cargo.toml", "");
    write_source(&house, "crates/desk/src/lib.rs");
    write_source(&house, "crates/desk/src/amount/split.rs");
    plant(&house);
    assert_eq!(
        problems(house.root()),
        Ok(expected.iter().map(|&line| line.to_owned()).collect())
    );
}

fn write_source(house: &House, path: &str) {
    house.write(path, &format!("{LICENCE_LINE}\n//! A file.\n"));
}

/// Changes a file that is there already.
fn replace(house: &House, path: &str, old: &str, new: &str) {
    let text = std::fs::read_to_string(house.root().join(path)).expect("the file is there");
    assert!(text.contains(old), "{path} has no {old:?}");
    house.write(path, &text.replacen(old, new, 1));
}
