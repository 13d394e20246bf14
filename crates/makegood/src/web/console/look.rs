// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the console is drawn with beside the common stylesheet: its own, and one small script.

use std::sync::OnceLock;

use crate::web::portal::assets::{Asset, named};

/// The stylesheet and the script, named by their content.
pub fn all() -> &'static [Asset; 2] {
    static ALL: OnceLock<[Asset; 2]> = OnceLock::new();
    ALL.get_or_init(|| {
        [
            named(
                "desk",
                "css",
                "text/css; charset=utf-8",
                include_str!("../pages/desk.css").to_owned(),
            ),
            named(
                "desk",
                "js",
                "text/javascript; charset=utf-8",
                include_str!("../pages/desk.js").to_owned(),
            ),
        ]
    })
}

/// The address of the stylesheet.
#[must_use]
pub fn style() -> String {
    let [style, _] = all();
    format!("/assets/{}", style.name)
}

/// The address of the script.
#[must_use]
pub fn script() -> String {
    let [_, script] = all();
    format!("/assets/{}", script.name)
}
