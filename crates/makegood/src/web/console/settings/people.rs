// SPDX-License-Identifier: MIT OR Apache-2.0
//! Who works here, and as what: somebody new, a new link for somebody who lost their way in, and no more access for somebody who left.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Uri};

use super::{Tab, tabs};
use crate::books::people::{self, LINK_LASTS, LINK_PREFIX, Person, Role};
use crate::secret::Secret;
use crate::setup::new_id;
use crate::store::Trouble;
use crate::web::Web;
use crate::web::access::Caller;
use crate::web::api::sign_in::address;
use crate::web::console::frame::{DeskFrame, guarded};
use crate::web::portal::form::Form;
use crate::web::portal::frame::written;
use crate::web::portal::say::Say;
use crate::web::refusal::{Problem, shown_at};
use crate::web::session;
use crate::web::wire::{Answer, is_line, name, read_name};

/// The longest name.
const NAME_MOST: usize = 200;

/// Somebody as the page shows them.
struct Row {
    id: String,
    name: String,
    role: String,
    since: String,
    gone: Option<String>,
    own: bool,
}

/// A link that is shown this once.
struct Link {
    name: String,
    url: String,
}

#[derive(Template)]
#[template(path = "desk_people.html")]
struct Page {
    frame: DeskFrame,
    tabs: Vec<Tab>,
    people: Vec<Row>,
    roles: Vec<(&'static str, String)>,
    link: Option<Link>,
    named: String,
}

fn row(say: &Say, person: Person, own: bool) -> Row {
    Row {
        id: name("person", person.id),
        role: say.t(&format!("desk-set-role-{}", person.role.word())),
        since: say.day(person.created_at),
        gone: person.disabled_at.map(|at| say.day(at)),
        name: person.name,
        own,
    }
}

async fn put_together(
    web: &Arc<Web>,
    frame: DeskFrame,
    caller: &Caller,
    link: Option<Link>,
    named: &str,
) -> Result<Page, Problem> {
    let read = web
        .desk
        .store
        .read(|tx| Box::pin(async move { people::all(tx).await }));
    let own = caller.token().person.map(|(id, _)| id);
    let (here, gone): (Vec<Person>, Vec<Person>) = read
        .await?
        .into_iter()
        .partition(|person| person.disabled_at.is_none());
    let say = frame.say.clone();
    let rows = here.into_iter().chain(gone).map(|person| {
        let own = own == Some(person.id);
        row(&say, person, own)
    });
    let roles = Role::ALL.map(|(word, _)| (word, say.t(&format!("desk-set-role-{word}"))));
    Ok(Page {
        tabs: tabs(&say, "/desk/settings/people"),
        people: rows.collect(),
        roles: roles.into(),
        link,
        named: named.to_owned(),
        frame,
    })
}

/// Open the list of people
#[utoipa::path(get, path = "/desk/settings/people", tag = "Console", operation_id = "desk_people",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String)))]
pub async fn page(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
) -> Answer {
    let frame = DeskFrame::new(&web, &uri, &headers, &caller, "settings", "desk-set-people");
    let page = put_together(&web, frame, &caller, None, "").await?;
    Ok(page.frame.sent(written(&page)?))
}

/// What came of a form.
enum Came {
    /// It was done.
    Done,
    /// It was done, and somebody's link is shown once.
    Link(Link),
    /// It was not, and why, by the id of a text.
    Not(&'static str),
}

/// Add somebody, make a link for them, or take their access away
///
/// `do` is `add` (with `name` and `role`), `link` or `disable` (with `person`).
#[utoipa::path(post, path = "/desk/settings/people", tag = "Console", operation_id = "desk_people_change",
    responses((status = 200, description = "The page, with a link that is shown once.", content_type = "text/html", body = String),
        (status = 303, description = "It was done; the header `Location` leads back.", headers(("Location" = String))),
        (status = 403, description = "It did not come from the page (`/problems/foreign-site`)", content_type = "application/problem+json", body = crate::web::refusal::ProblemBody),
        (status = 422, description = "The page, with what is to be put right.", content_type = "text/html", body = String)))]
pub async fn change(
    State(web): State<Arc<Web>>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    request: Request,
) -> Answer {
    session::from_our_pages(&web, &headers)?;
    let mut frame = DeskFrame::new(&web, &uri, &headers, &caller, "settings", "desk-set-people");
    let form = Form::read(&web, request).await?;
    let came = match form.text("do") {
        "add" => add(&web, form.text("name"), form.text("role")).await?,
        "link" => link(&web, form.text("person")).await?,
        "disable" => disable(&web, &caller, form.text("person")).await?,
        _ => Came::Not("desk-form-wrong"),
    };
    match came {
        Came::Done => {
            let place = "/desk/settings/people?told=done";
            Ok(guarded(shown_at(place), frame.say.language))
        }
        Came::Link(link) => {
            let page = put_together(&web, frame, &caller, Some(link), "").await?;
            Ok(page.frame.sent(written(&page)?))
        }
        Came::Not(why) => {
            frame.amiss = Some(frame.say.t(why));
            let page = put_together(&web, frame, &caller, None, form.text("name")).await?;
            Ok(page.frame.amiss(written(&page)?))
        }
    }
}

fn shown_once(web: &Web, name: String, secret: &Secret) -> Came {
    Came::Link(Link {
        name,
        url: address(&web.config.server.public_url, secret.expose()),
    })
}

async fn add(web: &Arc<Web>, called: &str, role: &str) -> Result<Came, Problem> {
    if !is_line(called, NAME_MOST) {
        return Ok(Came::Not("desk-set-name-wrong"));
    }
    let Some(role) = Role::read(role) else {
        return Ok(Came::Not("desk-set-role-missing"));
    };
    let secret = people::random(LINK_PREFIX)?;
    let (id, now, kept, named) = (new_id(), web.clock.now(), secret.clone(), called.to_owned());
    let until = now.plus(LINK_LASTS);
    let added = web.desk.store.write(move |tx| {
        let (kept, named) = (kept.clone(), named.clone());
        Box::pin(async move {
            let added = people::add(tx, id, &named, role, now).await?;
            if added {
                people::add_link(tx, &kept, id, now, until).await?;
            }
            Ok(added)
        })
    });
    if !added.await? {
        return Ok(Came::Not("desk-set-name-taken"));
    }
    tracing::info!("somebody was given access");
    Ok(shown_once(web, called.to_owned(), &secret))
}

async fn link(web: &Arc<Web>, person: &str) -> Result<Came, Problem> {
    let id = read_name("person", person)?;
    let secret = people::random(LINK_PREFIX)?;
    let (now, kept) = (web.clock.now(), secret.clone());
    let until = now.plus(LINK_LASTS);
    let made = web.desk.store.write(move |tx| {
        let kept = kept.clone();
        Box::pin(async move {
            let found = people::all(tx).await?;
            let found = found.into_iter().find(|person| person.id == id);
            let found = found.filter(|person| person.disabled_at.is_none());
            if found.is_some() {
                people::add_link(tx, &kept, id, now, until).await?;
            }
            Ok(found)
        })
    });
    match made.await? {
        Some(person) => Ok(shown_once(web, person.name, &secret)),
        None => Ok(Came::Not("desk-set-no-access")),
    }
}

async fn disable(web: &Arc<Web>, caller: &Caller, person: &str) -> Result<Came, Problem> {
    let id = read_name("person", person)?;
    // Nobody shuts themselves out by a slip: a desk without an owner is opened again only by whoever has the machine.
    if caller.token().person.is_some_and(|(own, _)| own == id) {
        return Ok(Came::Not("desk-set-not-yourself"));
    }
    let now = web.clock.now();
    let done = web.desk.store.write(move |tx| {
        Box::pin(async move {
            match is_last_owner(&people::all(tx).await?, id) {
                true => Ok::<_, Trouble>(None),
                false => people::disable(tx, id, now).await.map(Some),
            }
        })
    });
    match done.await? {
        None => Ok(Came::Not("desk-set-last-owner")),
        Some(false) => Ok(Came::Not("desk-set-no-access")),
        Some(true) => {
            web.known.clear();
            tracing::info!("somebody's access was taken away");
            Ok(Came::Done)
        }
    }
}

fn is_last_owner(all: &[Person], id: makegood_desk::input::Id) -> bool {
    let mut owners = all
        .iter()
        .filter(|person| person.role == Role::Owner && person.disabled_at.is_none());
    let first = owners.next();
    first.is_some_and(|owner| owner.id == id) && owners.next().is_none()
}
