// SPDX-License-Identifier: MIT OR Apache-2.0
//! The desk's binary.

fn main() -> std::process::ExitCode {
    makegood::cli::main()
}
