// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a connector says later: checked, brought to the case by the command's key, durable before it is answered.

use axum::http::HeaderMap;
use makegood_desk::input::{Actor, Id, Input};

use super::connector::CallbackFault;
use crate::books::act::NotDone;
use crate::run::Shop;
use crate::store::{Trouble, Value};

crate::statements! {
    /// The case and the number of a command.
    COMMAND_OF = "select case_id, no from command where key = ?1";
}

/// What becomes of a callback.
#[derive(Debug)]
pub enum Taken {
    /// It is in the books, or was there before. The sender need not repeat it.
    Durable,
    /// It is about a command that was never given. The sender need not repeat it either.
    Unknown,
    /// There is no connector in the settings.
    NoConnector,
    /// It is not to be believed or not to be read.
    Refused(CallbackFault),
    /// The books could not be written. The sender should repeat it.
    Trouble(Trouble),
}

/// Takes what a connector sends to `/hooks/connector`: its headers, and its body as it came.
pub async fn take(shop: &Shop, headers: &HeaderMap, body: &[u8]) -> Taken {
    let Some(connector) = &shop.connector else {
        return Taken::NoConnector;
    };
    let callback = match connector.read_callback(headers, body, shop.clock.timestamp()) {
        Ok(callback) => callback,
        Err(fault) => return Taken::Refused(fault),
    };
    let found = match command(shop, callback.key).await {
        Ok(found) => found,
        Err(trouble) => return Taken::Trouble(trouble),
    };
    let Some((case, no)) = found else {
        return Taken::Unknown;
    };
    let said = Input::CommandSaid {
        no,
        said: callback.said,
    };
    let now = shop.clock.now();
    match shop.desk.act(case, Actor::Connector, now, said).await {
        // What the desk will not hear was said before, or comes too late to change anything.
        Ok(_) | Err(NotDone::Refused(_)) => Taken::Durable,
        Err(NotDone::Trouble(trouble)) => Taken::Trouble(trouble),
    }
}

async fn command(shop: &Shop, key: String) -> Result<Option<(Id, u32)>, Trouble> {
    shop.desk
        .store
        .read(move |tx| {
            let key = key.clone();
            Box::pin(async move {
                // What the store cannot hold was never given.
                if key.contains('\0') {
                    return Ok(None);
                }
                let Some(row) = tx.one(&COMMAND_OF, &[Value::from(key)]).await? else {
                    return Ok(None);
                };
                let no = u32::try_from(row.int(1)?).unwrap_or_default();
                Ok(Some((Id(row.id(0)?), no)))
            })
        })
        .await
}
