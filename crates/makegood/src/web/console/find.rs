// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looking for cases by what people remember of them.

use crate::books::queue::QueueRow;
use crate::books::search;
use crate::store::{Trouble, Tx};
use crate::web::Web;

/// Cases that fit what was written, so many at most.
///
/// # Errors
/// The store's trouble.
pub async fn cases(
    tx: &mut Tx<'_>,
    web: &Web,
    text: &str,
    most: i64,
) -> Result<Vec<QueueRow>, Trouble> {
    let most = usize::try_from(most).unwrap_or_default();
    search::cases(tx, &web.vault, text, most).await
}
