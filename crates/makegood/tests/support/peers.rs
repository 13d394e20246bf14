// SPDX-License-Identifier: MIT OR Apache-2.0
//! Where the programs of others are that tests run against.

use std::path::PathBuf;

/// The folder with `venv/` (Python) and `node_modules/` (Node) in it: `MAKEGOOD_PEERS`, or the one below the user's cache.
///
/// # Panics
/// When it is not there: `cargo xtask test` makes it.
pub fn peers() -> PathBuf {
    let cache = || {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
        cache
            .or_else(home)
            .map(|cache| cache.join("makegood/peers"))
    };
    std::env::var_os("MAKEGOOD_PEERS")
        .map(PathBuf::from)
        .or_else(cache)
        .filter(|folder| folder.join("venv").is_dir() && folder.join("node_modules").is_dir())
        .expect("run `cargo xtask test`, which installs the Python and Node packages that this test runs against")
}
