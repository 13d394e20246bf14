-- Orders as the shop tells them. Times are nanoseconds since 1970, lengths of time nanoseconds, money minor units.
create table shop_order (
    number text not null primary key,
    placed_at bigint not null,
    quantity bigint not null,
    price_minor bigint not null,
    currency text not null,
    links text not null,
    service text not null,
    unit text not null,
    service_kind text not null,
    start_within bigint not null,
    guarantee bigint not null,
    units_per_day bigint,
    target_country text,
    customer_id bytea,
    received_at bigint not null
);
create index shop_order_customer on shop_order (customer_id, placed_at);

-- Captured payments. What is promised or paid back never exceeds what was captured.
create table payment (
    order_number text not null,
    id text not null,
    at bigint not null,
    amount_minor bigint not null,
    currency text not null,
    kind text not null,
    fulfilled bigint,
    provider text not null,
    reference text not null,
    reserved_minor bigint not null default 0,
    foreign_minor bigint not null default 0,
    constraint payment_pkey primary key (order_number, id),
    constraint payment_never_over_captured check (reserved_minor >= 0 and reserved_minor <= amount_minor)
);
create index payment_reference on payment (provider, reference);

create table subscription (
    order_number text not null primary key,
    status text not null,
    provider text not null,
    reference text not null
);

-- Refunds that were paid by other ways before or beside the desk.
create table past_refund (
    order_number text not null,
    id text not null,
    at bigint not null,
    amount_minor bigint not null,
    currency text not null,
    units bigint not null,
    constraint past_refund_pkey primary key (order_number, id)
);

create table dispute (
    id text not null primary key,
    provider text not null,
    order_number text,
    payment_id text,
    provider_payment text not null,
    provider_payment_too text,
    opened_at bigint not null,
    status text not null,
    provider_status text not null,
    inquiry bigint not null,
    amount_minor bigint not null,
    currency text not null,
    reason text not null,
    due_at bigint,
    booked text not null default 'nothing',
    booked_minor bigint not null default 0,
    seen_at bigint not null
);
create index dispute_order on dispute (order_number);
create index dispute_payment on dispute (provider, provider_payment);
create index dispute_waiting on dispute (provider) where order_number is null;

-- When the customer wrote to the shop's support, as the shop tells it; requests of the desk's own are in its events.
create table contact (
    order_number text not null,
    at bigint not null,
    channel text not null,
    constraint contact_pkey primary key (order_number, at, channel)
);

-- What fulfilment reported. The key is the entry's own id, or its content where it has none.
create table log_entry (
    order_number text not null,
    key text not null,
    at bigint not null,
    seq bigint not null,
    id text,
    event text not null,
    value bigint,
    account text,
    constraint log_entry_pkey primary key (order_number, key)
);

-- Refunds that a provider shows and that nobody here decided, and what became of them.
create table provider_fact (
    provider text not null,
    id text not null,
    order_number text,
    payment_id text,
    provider_payment text not null,
    provider_payment_too text,
    amount_minor bigint not null,
    currency text not null,
    status text not null,
    made_at bigint not null,
    seen_at bigint not null,
    explained_at bigint,
    explanation text,
    constraint provider_fact_pkey primary key (provider, id)
);
create index provider_fact_order on provider_fact (order_number);
create index provider_fact_waiting on provider_fact (provider) where order_number is null;

-- What does not agree with the world and waits for somebody of finance. While one is open, no money of its order moves.
create table breach (
    id text not null primary key,
    kind text not null,
    provider text not null,
    subject text not null,
    order_number text,
    case_id bytea,
    words text not null,
    opened_at bigint not null,
    due_at bigint not null,
    closed_at bigint,
    closed_by bytea,
    note text
);
create index breach_order on breach (order_number) where closed_at is null;
create index breach_open on breach (due_at) where closed_at is null;

create table customer (
    id bytea not null primary key,
    mail_index bytea,
    reference text,
    created_at bigint not null
);
create unique index customer_mail on customer (mail_index) where mail_index is not null;
create unique index customer_reference on customer (reference) where reference is not null;

-- Cases as they stand: a view of their events, for lists. open_key is there while a case is open: one per order and claim.
create table desk_case (
    id bytea not null primary key,
    number bigint not null,
    order_number text not null,
    claim text not null,
    service text,
    open_key text,
    stage text not null,
    version bigint not null,
    customer_id bytea,
    language text not null,
    channel text not null,
    outcome text,
    clause text,
    amount_minor bigint,
    currency text,
    assigned_to bytea,
    opened_at bigint not null,
    changed_at bigint not null,
    closed_at bigint,
    due_at bigint,
    wake_at bigint,
    look bigint not null default 0,
    lease_until bigint,
    lease_by bytea
);
create unique index desk_case_number on desk_case (number);
create unique index desk_case_open on desk_case (open_key) where open_key is not null;
create index desk_case_order on desk_case (order_number);
create index desk_case_customer on desk_case (customer_id, opened_at);
create index desk_case_service on desk_case (service, claim, opened_at) where closed_at is null;
create index desk_case_wake on desk_case (wake_at) where wake_at is not null;
create index desk_case_lease on desk_case (lease_until) where lease_until is not null;
create index desk_case_stage on desk_case (stage, number);

-- What happened, in order, for good. leaf is the event's place in the audit log, once it is sealed there.
create table event (
    no bigserial primary key,
    case_id bytea not null,
    position bigint not null,
    at bigint not null,
    kind text not null,
    role text not null,
    person bytea,
    record bytea not null,
    leaf bigint,
    constraint event_position unique (case_id, position)
);
create index event_unsealed on event (no) where leaf is null;
create unique index event_leaf on event (leaf) where leaf is not null;

-- Case files as they were judged.
create table paper (
    digest bytea not null primary key,
    bytes bytea not null
);

-- Refunds as they stand: a view of the events, for lists, listings and reconciliation.
create table refund (
    key text not null primary key,
    case_id bytea not null,
    no bigint not null,
    decision bigint not null,
    order_number text not null,
    payment_id text not null,
    provider text not null,
    provider_payment text not null,
    provider_refund text,
    amount_minor bigint not null,
    currency text not null,
    units bigint not null,
    state text not null,
    granted_by bytea,
    reserved_at bigint not null,
    changed_at bigint not null
);
create unique index refund_of_case on refund (case_id, no);
create index refund_order on refund (order_number);
create index refund_provider on refund (provider, provider_payment);
create index refund_reserved on refund (reserved_at);
create index refund_named on refund (provider, provider_refund) where provider_refund is not null;

-- Store credit that was granted.
create table credit (
    case_id bytea not null,
    position bigint not null,
    order_number text not null,
    customer_id bytea,
    amount_minor bigint not null,
    currency text not null,
    exchange bigint not null,
    granted_at bigint not null,
    constraint credit_pkey primary key (case_id, position)
);

create index credit_order on credit (order_number);

-- Commands to fulfilment by the keys that they carry: what is said about one later names no case.
create table command (
    key text not null primary key,
    case_id bytea not null,
    no bigint not null
);

-- Double entry. Legs of one transaction share case, position and part; they sum to nought per currency.
create table ledger_entry (
    no bigserial primary key,
    source text not null,
    case_id bytea,
    position bigint not null,
    part bigint not null,
    leg bigint not null,
    booking text not null,
    account text not null,
    account_of text not null,
    signed_minor bigint not null,
    currency text not null,
    at bigint not null
);
create index ledger_entry_account on ledger_entry (account, account_of);
create index ledger_entry_case on ledger_entry (case_id);

-- What people have to do: questions about facts and other tasks, as they stand.
create table task (
    case_id bytea not null,
    kind text not null,
    no bigint not null,
    team text not null,
    what text not null,
    opened_at bigint not null,
    due_at bigint not null,
    done_at bigint,
    constraint task_pkey primary key (case_id, kind, no)
);
create index task_open on task (team, due_at) where done_at is null;

-- Texts about or by a person, under that person's key.
create table private_text (
    digest bytea not null primary key,
    person_id bytea not null,
    field text not null,
    sealed bytea not null,
    created_at bigint not null
);
create index private_text_person on private_text (person_id);

-- Letters that were handed over; of decisions with the proof that they stand in the audit log.
create table letter (
    case_id bytea not null,
    no bigint not null,
    kind text not null,
    text_digest bytea not null,
    proof text,
    handed_at bigint not null,
    constraint letter_pkey primary key (case_id, no)
);

-- Files that were handed in.
create table attachment (
    digest bytea not null primary key,
    shown bytea,
    kind text not null,
    bytes_count bigint not null,
    name_digest bytea,
    person_id bytea,
    created_at bigint not null
);

-- Money granted by day, in whole days since 1970: in all, and by person.
create table day_total (
    day bigint not null,
    currency text not null,
    person bytea not null,
    granted_minor bigint not null,
    constraint day_total_pkey primary key (day, currency, person)
);

create table provider_health (
    provider text not null primary key,
    failures bigint not null,
    rests_until bigint
);

-- The audit log's tree: completed nodes, and the checkpoints that were signed.
create table audit_node (
    level bigint not null,
    position bigint not null,
    hash bytea not null,
    constraint audit_node_pkey primary key (level, position)
);
create table checkpoint (
    size bigint not null primary key,
    note text not null,
    at bigint not null
);

create table staff (
    id bytea not null primary key,
    name text not null,
    role text not null,
    created_at bigint not null,
    disabled_at bigint
);
create unique index staff_name on staff (name);

create table token (
    hash bytea not null primary key,
    id bytea not null,
    name text not null,
    scopes text not null,
    staff_id bytea,
    created_at bigint not null,
    expires_at bigint,
    used_at bigint,
    revoked_at bigint
);
create unique index token_id on token (id);

create table sign_in_link (
    hash bytea not null primary key,
    staff_id bytea not null,
    created_at bigint not null,
    expires_at bigint not null,
    used_at bigint
);

-- Answers to requests that carried a key: the same request gets the same answer.
create table kept_answer (
    caller text not null,
    key text not null,
    method text not null,
    path text not null,
    fingerprint bytea not null,
    request bytea,
    status bigint,
    answer bytea,
    created_at bigint not null,
    constraint kept_answer_pkey primary key (caller, key)
);
create index kept_answer_age on kept_answer (created_at);

create table webhook_endpoint (
    id bytea not null primary key,
    url text not null,
    kinds text not null,
    form text not null,
    secrets bytea not null,
    next_leaf bigint not null,
    created_at bigint not null,
    failing_since bigint,
    rests_until bigint,
    disabled_at bigint,
    disabled_why text
);
create table webhook_delivery (
    id bytea not null primary key,
    endpoint_id bytea not null,
    leaf bigint not null,
    kind text not null,
    body text not null,
    state text not null,
    tries bigint not null,
    next_at bigint,
    last_status bigint,
    last_words text,
    created_at bigint not null,
    changed_at bigint not null
);
create unique index webhook_delivery_once on webhook_delivery (endpoint_id, leaf);
create index webhook_delivery_due on webhook_delivery (next_at) where next_at is not null;

-- Provider events that came in, each once: names of things to look at. Nobody else looks at one before again_at.
create table provider_event (
    provider text not null,
    id text not null,
    kind text not null,
    about text not null,
    object text not null,
    received_at bigint not null,
    again_at bigint not null,
    tries bigint not null,
    done_at bigint,
    constraint provider_event_pkey primary key (provider, id)
);
create index provider_event_open on provider_event (again_at) where done_at is null;

-- What came of holding the books against a provider's.
create table reconciliation (
    id bytea not null primary key,
    provider text not null,
    at bigint not null,
    since bigint not null,
    report text not null
);
create index reconciliation_latest on reconciliation (provider, at);

-- How far an import has come.
create table import_run (
    id text not null primary key,
    source text not null,
    kind text not null,
    bytes_done bigint not null,
    lines_done bigint not null,
    lines_new bigint not null,
    lines_same bigint not null,
    lines_conflicting bigint not null,
    lines_wrong bigint not null,
    changed_at bigint not null
);

-- Payment files for transfers by hand, each kept under a key of its own as it was handed to the bank.
create table transfer_batch (
    id text not null primary key,
    provider text not null,
    currency text not null,
    created_at bigint not null
);
create table transfer_file (
    batch_id text not null,
    name text not null,
    digest bytea not null,
    sealed bytea not null,
    constraint transfer_file_pkey primary key (batch_id, name)
);

-- Transfers: refunds at a bank. Where the money goes lies with the texts of whoever gets it.
create table transfer (
    id text not null primary key,
    case_id bytea not null,
    refund_no bigint not null,
    provider text not null,
    person_id bytea not null,
    payee_digest bytea not null,
    batch_id text,
    status text not null,
    words text,
    created_at bigint not null,
    changed_at bigint not null
);
create index transfer_open on transfer (provider, status);

-- Numbers that people call cases by, and the order in which log entries came in.
create table counter (
    name text not null primary key,
    value bigint not null
);
create sequence case_number start with 1001;
create sequence log_number start with 1;
