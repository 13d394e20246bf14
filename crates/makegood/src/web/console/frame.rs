// SPDX-License-Identifier: MIT OR Apache-2.0
//! What stands around every page of the console: the places, the search, who is signed in; and the headers that a page is sent with.

use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::Response;
use makegood_desk::input::Language;

use super::look;
use crate::books::people::Role;
use crate::web::Web;
use crate::web::access::Caller;
use crate::web::docs::in_language;
use crate::web::portal::assets;
use crate::web::portal::frame::{asked_for, chosen, parameter};
use crate::web::portal::say::Say;
use crate::web::refusal::amiss_page;
use crate::web::wire::html;

/// What pages of the console may do: be drawn with our own stylesheets, scripts and pictures, ask here, and send their forms here.
pub const ALLOWED: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                           base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// What a page of the console knows of its place.
pub struct DeskFrame {
    /// What speaks to the reader.
    pub say: Say,
    /// The title of the page.
    pub title: String,
    /// The merchant.
    pub merchant: String,
    /// The stylesheet of all pages.
    pub look: String,
    /// The stylesheet of the console.
    pub desk_look: String,
    /// The script of the console.
    pub script: String,
    /// The mark.
    pub mark: String,
    /// Where the reader is, of the places in the bar.
    pub here: &'static str,
    /// The reader's name; a program has none.
    pub person: String,
    /// What the reader does.
    pub role: Option<Role>,
    /// Whether single keys do something.
    pub keys: bool,
    /// `?language=…` where the reader chose one on this page.
    pub chosen: String,
    /// What was searched for.
    pub search: String,
    /// What was done a moment ago, in words.
    pub told: Option<String>,
    /// Why something was not done, in words.
    pub amiss: Option<String>,
}

/// What pages tell after something was done, by the word in `told`.
pub const TOLD: [&str; 23] = [
    "accepted",
    "approved",
    "not-approved",
    "decided",
    "replied",
    "noted",
    "assigned",
    "closed",
    "judged",
    "checked",
    "answered",
    "done",
    "undone",
    "unparked",
    "kept",
    "merged",
    "split",
    "drafted",
    "published",
    "withdrawn",
    "staged",
    "submitted",
    "conceded",
];

impl DeskFrame {
    /// For a page at an address.
    #[must_use]
    pub fn new(
        web: &Web,
        uri: &Uri,
        headers: &HeaderMap,
        caller: &Caller,
        here: &'static str,
        title: &str,
    ) -> Self {
        let token = caller.token();
        let language = chosen(uri).or(token.language);
        let language = language.unwrap_or_else(|| asked_for(web, headers));
        let say = Say::new(language, web.config.merchant.time_zone.clone());
        let told = parameter(uri, "told")
            .filter(|word| TOLD.contains(&word.as_str()))
            .map(|word| say.t(&format!("desk-told-{word}")));
        let chosen = chosen(uri).map(|language| format!("?language={}", language.code()));
        Self {
            title: say.t(title),
            say,
            merchant: web.config.merchant.name.clone(),
            look: assets::look(),
            desk_look: look::style(),
            script: look::script(),
            mark: assets::mark(),
            here,
            person: token.person_name.clone().unwrap_or_default(),
            role: token.person.map(|(_, role)| role),
            keys: token.keys,
            chosen: chosen.unwrap_or_default(),
            search: parameter(uri, "search").unwrap_or_default(),
            told,
            amiss: None,
        }
    }

    /// Whether the reader decides and writes to customers.
    #[must_use]
    pub fn decides(&self) -> bool {
        matches!(self.role, Some(Role::Agent | Role::Owner))
    }

    /// Whether the reader looks after money.
    #[must_use]
    pub fn pays(&self) -> bool {
        matches!(self.role, Some(Role::Finance | Role::Owner))
    }

    /// Whether the reader says what fulfilment can do.
    #[must_use]
    pub fn knows_fulfilment(&self) -> bool {
        matches!(self.role, Some(Role::Agent | Role::Technical | Role::Owner))
    }

    /// Whether the reader is one of the merchant's people, and no program.
    #[must_use]
    pub const fn works(&self) -> bool {
        self.role.is_some()
    }

    /// Whether the desk is the reader's own.
    #[must_use]
    pub fn owns(&self) -> bool {
        self.role == Some(Role::Owner)
    }

    /// The keys, with what they do.
    #[must_use]
    pub fn keys_list(&self) -> Vec<(&'static str, String)> {
        let all = [
            ("j k", "desk-key-move"),
            ("o", "desk-key-open"),
            ("x", "desk-key-tick"),
            ("⇧ A", "desk-key-many"),
            ("a", "desk-key-accept"),
            ("d", "desk-key-otherwise"),
            ("m", "desk-key-ask"),
            ("r", "desk-key-reply"),
            (";", "desk-key-standard"),
            ("e", "desk-key-evidence"),
            ("u", "desk-key-undo"),
            ("n", "desk-key-next"),
            ("/", "desk-key-search"),
            ("g", "desk-key-go"),
            ("?", "desk-key-help"),
        ];
        all.map(|(key, id)| (key, self.say.t(id))).into()
    }

    /// A page as it is sent.
    #[must_use]
    pub fn sent(&self, page: String) -> Response {
        guarded(html(page), self.say.language)
    }

    /// The same page, where something is to be put right.
    #[must_use]
    pub fn amiss(&self, page: String) -> Response {
        guarded(amiss_page(page), self.say.language)
    }
}

/// An answer with the headers of a page of the console. Nobody keeps it: what stands there is for whoever is signed in.
#[must_use]
pub fn guarded(mut response: Response, language: Language) -> Response {
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(ALLOWED),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    in_language(response, language)
}
