// SPDX-License-Identifier: MIT OR Apache-2.0
//! A small house on disk, in which a test plants one fault.

use std::fs;
use std::path::{Path, PathBuf};

/// A folder of its own for one test, emptied at the beginning and left there for a look.
pub struct House {
    root: PathBuf,
}

impl House {
    pub fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if root.exists() {
            fs::remove_dir_all(&root).expect("the folder of an earlier run goes away");
        }
        fs::create_dir_all(&root).expect("the temporary folder is ours");
        Self { root }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folders");
        fs::write(path, text).expect("the temporary folder is ours");
        self
    }
}
