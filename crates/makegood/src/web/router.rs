// SPDX-License-Identifier: MIT OR Apache-2.0
//! The table of contents of the interface: every route and its handler. Who may use which stands in [`super::access::ROUTES`].

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use tower_http::compression::CompressionLayer;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::api::{
    acts, attachments, audit, breaches, cases, events, health, hooks, joins, mail, money, notes,
    orders, people, policies, reconciliations, refunds, sign_in, tasks, transfers, webhooks,
};
use super::console::settings;
use super::refusal::Problem;
use super::{Web, access, console, docs, limits, openapi, portal, refusal};
use crate::log;

/// Pages for people and the description: long, and the same for everybody, so they are sent compressed.
fn pages() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::new()
        .routes(routes!(docs::description))
        .routes(routes!(docs::page))
        .routes(routes!(docs::problems))
        .routes(routes!(docs::problem))
        .routes(routes!(portal::assets::read))
        .routes(routes!(portal::policy::current))
        .routes(routes!(portal::policy::earlier))
        .routes(routes!(portal::contact::page))
        .routes(routes!(portal::help::home))
        .routes(routes!(portal::help::page, portal::help::send))
        .routes(routes!(portal::case::page, portal::case::send))
        .routes(routes!(portal::code::page, portal::code::send))
        .routes(routes!(portal::code::enter))
        .routes(routes!(portal::chat::script))
        .routes(routes!(portal::chat::page, portal::chat::begin))
        .routes(routes!(portal::chat::room, portal::chat::say))
        .routes(routes!(console::queue::page, console::queue::many))
        .routes(routes!(console::case::page, console::act::act))
        .routes(routes!(console::board::page, console::board::answer))
        .routes(routes!(console::disputes::page))
        .routes(routes!(console::dispute::page, console::dispute::answer))
        .routes(routes!(console::order::find, console::order::import))
        .routes(routes!(console::order::page))
        .routes(routes!(console::customer::page))
        .routes(routes!(console::lab::page))
        .routes(routes!(console::drafts::page, console::drafts::add))
        .routes(routes!(console::drafts::one, console::drafts::judge))
        .routes(routes!(console::reports::page))
        .routes(routes!(console::me::page, console::me::change))
        .routes(routes!(console::entry::page, console::entry::enter))
        .routes(routes!(console::prove::page, console::prove::prove))
        .routes(routes!(settings::values::page))
        .routes(routes!(settings::people::page, settings::people::change))
        .routes(routes!(settings::replies::page, settings::replies::change))
        .routes(routes!(settings::hooks::page, settings::hooks::change))
        .routes(routes!(settings::tokens::page, settings::tokens::change))
        .layer(CompressionLayer::new())
}

fn routes() -> OpenApiRouter<Arc<Web>> {
    OpenApiRouter::with_openapi(openapi::frame())
        .merge(pages())
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
        .routes(routes!(console::stream::stream))
        .routes(routes!(portal::chat::stream))
        .routes(routes!(console::reports::csv))
        .routes(routes!(sign_in::open, sign_in::enter))
        .routes(routes!(sign_in::leave))
        .routes(routes!(sign_in::create))
        .routes(routes!(portal::case::proof))
        .routes(routes!(portal::link::create))
        .routes(routes!(cases::create, cases::list))
        .routes(routes!(cases::read))
        .routes(routes!(acts::message))
        .routes(routes!(acts::reply))
        .routes(routes!(notes::create, notes::list))
        .routes(routes!(notes::assign))
        .routes(routes!(joins::merge))
        .routes(routes!(joins::split))
        .routes(routes!(acts::proof))
        .routes(routes!(acts::judge))
        .routes(routes!(acts::answers))
        .routes(routes!(acts::check))
        .routes(routes!(acts::accept))
        .routes(routes!(acts::approve))
        .routes(routes!(acts::override_with))
        .routes(routes!(acts::appeal))
        .routes(routes!(acts::close))
        .routes(routes!(acts::unpark))
        .routes(routes!(acts::task_done))
        .routes(routes!(orders::tell))
        .routes(routes!(orders::read))
        .routes(routes!(orders::payment))
        .routes(routes!(orders::subscription))
        .routes(routes!(orders::refund))
        .routes(routes!(orders::dispute))
        .routes(routes!(orders::contact))
        .routes(routes!(orders::log))
        .routes(routes!(hooks::connector))
        .routes(routes!(hooks::payments))
        .routes(routes!(mail::hear))
        .routes(routes!(mail::list))
        .routes(routes!(mail::read))
        .routes(routes!(mail::assign))
        .routes(routes!(mail::letters))
        .routes(routes!(webhooks::create, webhooks::list))
        .routes(routes!(webhooks::read))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(webhooks::enable))
        .routes(routes!(webhooks::disable))
        .routes(routes!(webhooks::remove))
        .routes(routes!(webhooks::replay_since))
        .routes(routes!(webhooks::messages))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::replay))
        .routes(routes!(refunds::list))
        .routes(routes!(refunds::read))
        .routes(routes!(refunds::cancel))
        .routes(routes!(refunds::pay_otherwise))
        .routes(routes!(tasks::list))
        .routes(routes!(events::list))
        .routes(routes!(events::read))
        .routes(routes!(people::letter))
        .routes(routes!(people::text))
        .routes(routes!(people::customer))
        .routes(routes!(people::erase))
        .routes(routes!(attachments::create))
        .routes(routes!(attachments::read))
        .routes(routes!(money::balances))
        .routes(routes!(money::entries))
        .routes(routes!(money::brakes))
        .routes(routes!(money::stop))
        .routes(routes!(money::go))
        .routes(routes!(breaches::list))
        .routes(routes!(breaches::read))
        .routes(routes!(breaches::close))
        .routes(routes!(transfers::list))
        .routes(routes!(transfers::read))
        .routes(routes!(transfers::payee))
        .routes(routes!(transfers::confirm))
        .routes(routes!(transfers::create, transfers::batches))
        .routes(routes!(transfers::batch))
        .routes(routes!(transfers::file))
        .routes(routes!(reconciliations::start, reconciliations::list))
        .routes(routes!(reconciliations::read))
        .routes(routes!(policies::list))
        .routes(routes!(policies::page))
        .routes(routes!(policies::decide))
        .routes(routes!(audit::checkpoint))
        .routes(routes!(audit::proof))
}

/// The interface, ready to be served.
pub fn router(web: Arc<Web>) -> Router {
    let (router, _) = routes().split_for_parts();
    router
        .fallback(|| async { Problem::no_route() })
        // Files have their own limit, where they are taken in.
        .layer(axum::extract::DefaultBodyLimit::disable())
        .layer(from_fn_with_state(Arc::clone(&web), access::check))
        .layer(from_fn_with_state(Arc::clone(&web), limits::guard))
        .layer(from_fn(refusal::told))
        .layer(from_fn(log::requests))
        .with_state(web)
}

/// The description of the interface, as OpenAPI 3.1 has it.
#[must_use]
pub fn spec() -> &'static OpenApi {
    static SPEC: OnceLock<OpenApi> = OnceLock::new();
    SPEC.get_or_init(|| openapi::completed(routes().into_openapi()))
}
