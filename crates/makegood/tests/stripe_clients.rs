// SPDX-License-Identifier: MIT OR Apache-2.0
//! Stripe's official clients for Python and Node, as they are, against the sandbox on loopback.

#[path = "support/peers.rs"]
mod peers;

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use makegood::pay::sandbox::{Sandbox, serve};
use peers::peers;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// Runs a program against a sandbox of its own and gives what it prints.
fn against_a_sandbox(program: impl FnOnce(&str) -> Command) -> String {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let (stop, stopped) = oneshot::channel::<()>();
    let listener = runtime
        .block_on(TcpListener::bind("127.0.0.1:0"))
        .expect("a port on loopback");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    let wall = || jiff::Timestamp::now().as_second();
    let sandbox = Arc::new(Sandbox::in_memory(11, Box::new(wall)));
    let served = runtime.spawn(serve(listener, sandbox, async move {
        stopped.await.ok();
    }));
    let output = program(&base)
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    drop(stop);
    runtime
        .block_on(served)
        .expect("no panic")
        .expect("it served");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "after\n{said}\n{complaint}");
    said
}

const CHECKS: [&str; 8] = [
    "a_refund_with_its_key_is_made_once",
    "a_lost_answer_is_tried_again_by_the_client_and_pays_once",
    "all_pages_are_walked",
    "refusals_are_errors_of_their_classes",
    "a_refund_can_be_canceled_while_it_waits_for_the_customer",
    "evidence_is_staged_and_then_submitted_once",
    "a_subscription_is_canceled_and_its_latest_payment_found",
    "webhooks_carry_a_signature_that_the_client_accepts",
];

fn script(name: &str) -> std::path::PathBuf {
    Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where"))
        .join("tests/stripe_clients")
        .join(name)
}

#[test]
fn stripes_python_client_works_with_the_sandbox() {
    let said = against_a_sandbox(|base| {
        let mut command = Command::new(peers().join("venv/bin/python"));
        command.arg("-B").arg(script("client.py")).arg(base);
        command
    });
    assert_eq!(said.lines().collect::<Vec<_>>(), CHECKS);
}

#[test]
fn stripes_node_client_works_with_the_sandbox() {
    let said = against_a_sandbox(|base| {
        let mut command = Command::new("node");
        command
            .arg(script("client.cjs"))
            .arg(base)
            .env("NODE_PATH", peers().join("node_modules"));
        command
    });
    assert_eq!(said.lines().collect::<Vec<_>>(), CHECKS);
}
