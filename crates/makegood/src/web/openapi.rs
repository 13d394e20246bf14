// SPDX-License-Identifier: MIT OR Apache-2.0
//! The description of the interface, as OpenAPI 3.1 has it: made from the handlers, completed from the table of routes.

use serde_json::{Value, json};
use utoipa::PartialSchema as _;
use utoipa::ToSchema as _;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{
    ContactBuilder, Content, Info, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, RefOr,
    Required, Response, ResponseBuilder, tag::TagBuilder,
};

use super::access::{Key, ROUTES, Route, Who};
use super::refusal::{KINDS, MEDIA_TYPE_OF_PROBLEMS, Place, ProblemBody};

/// What stands around the routes.
#[must_use]
pub fn frame() -> OpenApi {
    let tags = [
        (
            "Cases",
            "Requests for help, what was found, and what was decided.",
        ),
        ("Orders", "What the shop and fulfilment tell of orders."),
        (
            "Webhooks",
            "Where events are sent to, and what became of them.",
        ),
        (
            "Money",
            "Refunds, bank transfers, what does not agree with the providers, the ledger, and the brakes.",
        ),
        (
            "Mail",
            "Mail that came in, and what became of letters that go out by mail.",
        ),
        ("Work", "What people have to do."),
        ("People", "Customers, their words, letters and files."),
        (
            "Events",
            "What happened, in the order of the audit log, and proof of it.",
        ),
        ("Policies", "The rules, and decisions without a case."),
        (
            "Sessions",
            "Signing in with a link, in a browser, and signing out.",
        ),
        (
            "Pages",
            "What customers see: the policy, ways to reach the merchant, the help form, and the page of a case.",
        ),
        (
            "Console",
            "What the merchant's people see: the queue, a case, what they are asked, orders, customers, the policy and reports. Pages for \
             people; programs use the addresses under `/v1`.",
        ),
        ("Health", "Whether the program lives and works."),
        ("Help", "This description, and pages about problems."),
    ];
    let tags = tags.map(|(name, words)| {
        TagBuilder::new()
            .name(name)
            .description(Some(words))
            .build()
    });
    OpenApiBuilder::new().info(info()).tags(Some(tags)).build()
}

fn info() -> Info {
    InfoBuilder::new()
        .title("Makegood")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(include_str!("pages/interface.md")))
        .contact(Some(ContactBuilder::new().name(Some("Makegood")).build()))
        .license(Some(
            LicenseBuilder::new()
                .name("MIT OR Apache-2.0")
                .identifier(Some("MIT OR Apache-2.0"))
                .build(),
        ))
        .build()
}

/// The description with what the table of routes says: who may use what, keys, and every problem that may be answered.
#[must_use]
pub fn completed(mut api: OpenApi) -> OpenApi {
    for (path, item) in &mut api.paths.paths {
        for route in ROUTES.iter().filter(|route| route.path == path) {
            if let Some(operation) = operation(item, route.method) {
                complete(operation, route);
            }
        }
    }
    let components = api.components.get_or_insert_default();
    components.add_security_scheme("token", SecurityScheme::Http(token()));
    components.add_security_scheme("session", SecurityScheme::ApiKey(session()));
    components
        .schemas
        .insert("Problem".to_owned(), ProblemBody::schema());
    components
        .schemas
        .insert("Place".to_owned(), Place::schema());
    let mut more = Vec::new();
    ProblemBody::schemas(&mut more);
    components.schemas.extend(more);
    api
}

fn token() -> Http {
    let mut token = Http::new(HttpAuthScheme::Bearer);
    token.description =
        Some("A token from `makegood token create`; it begins with `mgt_`.".to_owned());
    token
}

fn session() -> ApiKey {
    let words = "The cookie of a browser that signed in; its name is `__Host-makegood` where the desk is reached by https.";
    ApiKey::Cookie(ApiKeyValue::with_description("makegood", words))
}

fn operation<'i>(item: &'i mut PathItem, method: &str) -> Option<&'i mut Operation> {
    match method {
        "GET" => item.get.as_mut(),
        "POST" => item.post.as_mut(),
        _ => None,
    }
}

fn complete(operation: &mut Operation, route: &Route) {
    let mut statuses = vec![400, 429, 500, 503];
    if let Who::Scopes(_) = route.who {
        statuses.extend([401, 403]);
        let by = |name| SecurityRequirement::new::<&str, [&str; 0], &str>(name, []);
        operation.security = Some(vec![by("token"), by("session")]);
        let words: Vec<String> = route
            .scopes()
            .iter()
            .map(|scope| format!("`{}`", scope.word()))
            .collect();
        let said = operation.description.take().unwrap_or_default();
        operation.description = Some(
            format!("{said}\n\nTakes one of the scopes {}.", words.join(", "))
                .trim()
                .to_owned(),
        );
    }
    if route.path.contains('{') {
        statuses.push(404);
    }
    if route.method == "POST" {
        statuses.extend([404, 408, 409, 410, 413, 415, 422]);
    } else if route.path.contains("/letters/") || route.path.contains("/texts/") {
        statuses.push(410);
    }
    if route.key != Key::None {
        operation
            .parameters
            .get_or_insert_default()
            .push(key_parameter(route.key == Key::Needed).into());
    }
    for status in statuses {
        let answer = problems_with(status);
        operation
            .responses
            .responses
            .entry(status.to_string())
            .or_insert(answer);
    }
}

fn key_parameter(needed: bool) -> utoipa::openapi::path::Parameter {
    let schema = serde_json::from_value(json!({
        "type": "string", "minLength": 1, "maxLength": 255, "pattern": r#"^([!#-~]+|"([ !#-\[\]-~]|\\\\)+")$"#,
    }));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(if needed { Required::True } else { Required::False })
        .description(Some(
            "A text that belongs to this request alone, such as a random UUID. The same key and content get the same answer for 400 days.",
        ))
        .schema(schema.ok().map(|schema: RefOr<utoipa::openapi::Schema>| schema))
        .build()
}

/// The answer for all kinds of problems of a status.
fn problems_with(status: u16) -> RefOr<Response> {
    let kinds = KINDS.iter().filter(|kind| kind.status.as_u16() == status);
    let lines: Vec<String> = kinds
        .map(|kind| format!("{} (`/problems/{}`)", kind.title, kind.slug))
        .collect();
    let problem = RefOr::Ref(utoipa::openapi::Ref::from_schema_name("Problem"));
    let content = Content::new(Some(problem));
    ResponseBuilder::new()
        .description(lines.join("; "))
        .content(MEDIA_TYPE_OF_PROBLEMS, content)
        .build()
        .into()
}

/// The description as JSON.
#[must_use]
pub fn text(api: &OpenApi) -> String {
    let mut value = serde_json::to_value(api).unwrap_or(Value::Null);
    if let Some(object) = value.as_object_mut() {
        object.insert("openapi".to_owned(), json!("3.1.0"));
    }
    if let Some(file) = value.pointer_mut("/components/schemas/FileContent") {
        // A file is no JSON value: in 3.1 its schema has no type.
        *file = json!({"contentMediaType": "application/octet-stream", "description": "Any bytes"});
    }
    serde_json::to_string_pretty(&value).unwrap_or_default()
}

/// The operations of a path item, by their methods.
pub fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    let all = [
        ("GET", &item.get),
        ("POST", &item.post),
        ("PUT", &item.put),
        ("DELETE", &item.delete),
        ("PATCH", &item.patch),
    ];
    all.into_iter()
        .filter_map(|(method, operation)| operation.as_ref().map(|operation| (method, operation)))
}
