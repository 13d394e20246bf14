// SPDX-License-Identifier: MIT OR Apache-2.0
//! Settings, for the owner: who works here, what programs may ask, where events are sent, and every key of the configuration with who
//! set it.

pub mod hooks;
pub mod people;
pub mod replies;
pub mod tokens;
pub mod values;

use crate::web::portal::say::Say;

/// A place among the settings.
pub struct Tab {
    /// Its address.
    pub address: &'static str,
    /// Its name.
    pub name: String,
    /// Whether the reader is there.
    pub here: bool,
}

/// The places, with the one where the reader is.
#[must_use]
pub fn tabs(say: &Say, here: &str) -> Vec<Tab> {
    let all = [
        ("/desk/settings", "desk-set-values"),
        ("/desk/settings/people", "desk-set-people"),
        ("/desk/settings/replies", "desk-set-replies"),
        ("/desk/settings/webhooks", "desk-set-webhooks"),
        ("/desk/settings/tokens", "desk-set-tokens"),
    ];
    let tab = |(address, id): (&'static str, &str)| Tab {
        address,
        name: say.t(id),
        here: address == here,
    };
    all.map(tab).into()
}
