// SPDX-License-Identifier: MIT OR Apache-2.0
//! The simulation at full speed: ten thousand stories in which everything goes wrong.

use std::path::Path;

use crate::cargo;

/// `cargo xtask sim`: plays 10,000 seeds, or what the arguments ask for (`cargo xtask sim --seed 7 --trace`).
///
/// # Errors
/// A story broke something that must hold; the command that plays it again stands in the output.
pub fn run(root: &Path, arguments: &[String]) -> Result<(), String> {
    let all = ["--seeds".to_owned(), "10000".to_owned()];
    let arguments = if arguments.is_empty() {
        &all[..]
    } else {
        arguments
    };
    crate::run(
        cargo(root)
            .args(["run", "--locked", "--quiet", "--release"])
            .args(["-p", "makegood-sim", "--"])
            .args(arguments),
    )
}
