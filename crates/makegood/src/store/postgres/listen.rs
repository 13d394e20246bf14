// SPDX-License-Identifier: MIT OR Apache-2.0
//! The one connection that listens for notices, and is made anew when it is lost.

use std::future::poll_fn;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tokio_postgres::AsyncMessage;

use super::target::Target;
use super::{CHANNEL, pause};
use crate::store::notice::Notices;

/// Passes on what other connections announce, for as long as the store is open.
pub(super) async fn listen(target: Target, notices: Arc<Notices>, first: oneshot::Sender<()>) {
    let (mut first, mut attempt) = (Some(first), 1);
    loop {
        let begun = || match first.take() {
            // Those who open the store wait for this, and nobody else listens yet.
            Some(first) => drop(first.send(())),
            // Something may have been said while nobody listened.
            None => notices.tell_all(),
        };
        if hear(&target, &notices, begun).await.is_ok() {
            attempt = 1;
        }
        tokio::time::sleep(pause(attempt)).await;
        attempt += 1;
    }
}

/// Listens until the connection ends. An error if there never was one.
async fn hear(
    target: &Target,
    notices: &Notices,
    begun: impl FnOnce(),
) -> Result<(), tokio_postgres::Error> {
    let (client, mut connection) = target.config.connect(target.tls.clone()).await?;
    let (said, mut heard) = mpsc::unbounded_channel();
    // The connection only works while it is polled, and the command below waits for it.
    let drive = async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(notice) = message
                && said.send(notice.payload().to_owned()).is_err()
            {
                return;
            }
        }
    };
    let work = async {
        client.batch_execute(&format!("listen {CHANNEL}")).await?;
        begun();
        while let Some(channel) = heard.recv().await {
            notices.tell(&channel);
        }
        Ok(())
    };
    let ((), worked) = tokio::join!(drive, work);
    worked
}
