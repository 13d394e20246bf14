// SPDX-License-Identifier: MIT OR Apache-2.0
//! Sessions of browsers: the cookie, and whether a request comes from our own pages.
//!
//! A cookie goes along with every request to us, whoever's page caused it. So where a cookie is all that a request shows, it may
//! change something only if the browser says that a page of ours sent it.

use axum::http::{HeaderMap, HeaderValue, header};
use url::Url;

use super::Web;
use super::refusal::{FOREIGN_SITE, Problem};
use crate::books::people::{SESSION_LASTS, SESSION_PREFIX};
use crate::secret::Secret;

/// The cookie's name where the desk is reached by TLS: browsers then take it from nobody but this very host.
const SECURE: &str = "__Host-makegood";
/// The cookie's name on a machine of one's own.
const PLAIN: &str = "makegood";

fn is_secure(web: &Web) -> bool {
    web.config.server.public_url.starts_with("https://")
}

/// The secret of a session that a request shows.
#[must_use]
pub fn shown(web: &Web, headers: &HeaderMap) -> Option<String> {
    let wanted = if is_secure(web) { SECURE } else { PLAIN };
    let lines = headers.get_all(header::COOKIE).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, secret)| *name == wanted && secret.starts_with(SESSION_PREFIX))
        .map(|(_, secret)| secret.to_owned())
        .filter(|secret| secret.len() <= 100)
}

/// The header that gives a browser the secret of its session; or takes it away.
#[must_use]
pub fn cookie(web: &Web, secret: Option<&Secret>) -> Option<HeaderValue> {
    let (name, secure) = match is_secure(web) {
        true => (SECURE, "; Secure"),
        false => (PLAIN, ""),
    };
    let (value, seconds) = match secret {
        Some(secret) => {
            let lasts = SESSION_LASTS.nanoseconds().div_euclid(1_000_000_000);
            (secret.expose().as_str(), lasts)
        }
        None => ("", 0),
    };
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    let mut header = HeaderValue::from_str(&text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// Lets through what a page of ours sent.
///
/// # Errors
/// Another site caused the request, or nobody can say who.
pub fn from_our_pages(web: &Web, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let ours = match text("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => text("origin").is_some_and(|origin| is_ours(web, origin, text("host"))),
    };
    ours.then_some(()).ok_or_else(|| {
        let detail = "this did not come from a page of the desk's own, and a cookie alone does not allow it; open the page here and \
                      do it there, or send a token";
        Problem::new(FOREIGN_SITE, detail)
    })
}

/// Whether an origin is this desk: where people reach it, or the host that was asked.
fn is_ours(web: &Web, origin: &str, host: Option<&str>) -> bool {
    let Ok(theirs) = Url::parse(origin) else {
        return false;
    };
    let public = Url::parse(&web.config.server.public_url);
    let is_public = public.is_ok_and(|public| public.origin() == theirs.origin());
    let asked = host.and_then(|host| Url::parse(&format!("{}://{host}/", theirs.scheme())).ok());
    is_public
        || asked
            .is_some_and(|asked| asked.origin() == theirs.origin() && theirs.origin().is_tuple())
}
