// SPDX-License-Identifier: MIT OR Apache-2.0
//! Looking for cases by what people remember of them.

use crate::books::lists::{self, CaseFilter, From};
use crate::books::queue::{self, QueueRow};
use crate::store::{Trouble, Tx};
use crate::web::Web;

/// Cases that fit what was written, so many at most.
///
/// # Errors
/// The store's trouble.
pub async fn cases(
    tx: &mut Tx<'_>,
    _web: &Web,
    text: &str,
    most: i64,
) -> Result<Vec<QueueRow>, Trouble> {
    let filter = CaseFilter {
        order: Some(text.to_owned()),
        ..CaseFilter::default()
    };
    let found = lists::cases(tx, &filter, &From::Start, most).await?;
    let mut rows = Vec::new();
    for row in found.unwrap_or_default() {
        rows.extend(queue::one(tx, row.id).await?);
    }
    Ok(rows)
}
