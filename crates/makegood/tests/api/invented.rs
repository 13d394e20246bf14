// SPDX-License-Identifier: MIT OR Apache-2.0
//! What schemathesis invents from the description is answered as the description says.

use std::process::Command;
use std::time::Duration;

use makegood::books::people::Role;
use makegood::web::{openapi, serve, spec};
use serde_json::json;
use tokio::net::TcpListener;

use crate::judge::peers;
use crate::shop::{Ground, Shop};

/// Checks that hold whatever is sent. Left out: that what fits the description is always done, for a desk says no to much that is well
/// written; and that methods nobody described are told, which a table of our own holds.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,negative_data_rejection,missing_required_header,ignored_auth";

/// Longer than schemathesis ever leaves a connection idle.
const HEAD_MAX: Duration = Duration::from_secs(600);

#[tokio::test(flavor = "multi_thread")]
async fn what_schemathesis_invents_is_answered_as_described() {
    let shop = Shop::open(Ground::Sqlite).await;
    for order in ["VL-1", "VL-2", "VL-3"] {
        shop.order(order).await;
        let body = json!({"order": order, "claim": "incomplete", "customer": {"reference": order}, "description": "750 came"});
        shop.customer().await.post("/v1/cases", &body).await;
    }
    let token = shop.token_of("Olga", Role::Owner).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, shop.router.clone(), HEAD_MAX, async move {
        let _ = stopped.await;
    }));
    let run = tokio::task::spawn_blocking(move || {
        let folder = std::env::temp_dir().join(format!("makegood-invented-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let output = Command::new(peers().join("venv/bin/schemathesis"))
            .args([
                "run",
                &format!("{url}/openapi.json"),
                "--url",
                &url,
                "--checks",
                CHECKS,
            ])
            .args([
                "--phases",
                "examples,coverage,fuzzing",
                "--max-time",
                "90",
                "--seed",
                "1",
                "--generation-database",
                "none",
                "--no-shrink",
            ])
            .args([
                "--no-color",
                "--warnings",
                "off",
                "--request-timeout",
                "20",
                // What it keeps of its own code is not made for several threads: with two, it breaks now and then.
                "--workers",
                "1",
                "--continue-on-failure",
            ])
            // Of a file any bytes will do, and inventing some that will not makes schemathesis itself break on some versions of Python.
            .args(["--exclude-operation-id", "hand_in_file"])
            .args(["-H", &format!("Authorization: Bearer {token}")])
            .current_dir(&folder)
            .output()
            .expect("schemathesis runs; `cargo xtask test` installs it");
        let _ = std::fs::remove_dir_all(&folder);
        output
    });
    let output = run.await.expect("it ends");
    stop.send(()).expect("the server still runs");
    server.await.expect("the server ends");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let faults = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}\n{faults}");
    // It got to every operation but the one that is left out and the one by which it read the description.
    let described = spec().paths.paths.values();
    let operations: usize = described
        .map(|item| openapi::operations(item).count())
        .sum();
    let tested = format!("Tested: {}\n", operations - 2);
    assert!(told.contains(&tested), "{told}");
}
