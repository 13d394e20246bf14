-- Orders as the shop tells them. Times are nanoseconds since 1970, lengths of time nanoseconds, money minor units.
create table shop_order (
    number text not null primary key,
    placed_at integer not null,
    quantity integer not null,
    price_minor integer not null,
    currency text not null,
    links text not null,
    service text not null,
    unit text not null,
    service_kind text not null,
    start_within integer not null,
    guarantee integer not null,
    units_per_day integer,
    target_country text,
    customer_id blob,
    received_at integer not null
) strict;
create index shop_order_customer on shop_order (customer_id, placed_at);

-- Captured payments. What is promised or paid back never exceeds what was captured.
create table payment (
    order_number text not null,
    id text not null,
    at integer not null,
    amount_minor integer not null,
    currency text not null,
    kind text not null,
    fulfilled integer,
    provider text not null,
    reference text not null,
    reserved_minor integer not null default 0,
    foreign_minor integer not null default 0,
    constraint payment_pkey primary key (order_number, id),
    constraint payment_never_over_captured check (reserved_minor >= 0 and reserved_minor <= amount_minor)
) strict;
create index payment_reference on payment (provider, reference);

create table subscription (
    order_number text not null primary key,
    status text not null,
    provider text not null,
    reference text not null
) strict;

-- Refunds that were paid by other ways before or beside the desk.
create table past_refund (
    order_number text not null,
    id text not null,
    at integer not null,
    amount_minor integer not null,
    currency text not null,
    units integer not null,
    constraint past_refund_pkey primary key (order_number, id)
) strict;

create table dispute (
    id text not null primary key,
    provider text not null,
    order_number text,
    payment_id text,
    provider_payment text not null,
    provider_payment_too text,
    opened_at integer not null,
    status text not null,
    provider_status text not null,
    inquiry integer not null,
    amount_minor integer not null,
    currency text not null,
    reason text not null,
    due_at integer,
    booked text not null default 'nothing',
    booked_minor integer not null default 0,
    seen_at integer not null
) strict;
create index dispute_order on dispute (order_number);
create index dispute_payment on dispute (provider, provider_payment);
create index dispute_waiting on dispute (provider) where order_number is null;

-- When the customer wrote to the shop's support, as the shop tells it; requests of the desk's own are in its events.
create table contact (
    order_number text not null,
    at integer not null,
    channel text not null,
    constraint contact_pkey primary key (order_number, at, channel)
) strict;

-- What fulfilment reported. The key is the entry's own id, or its content where it has none.
create table log_entry (
    order_number text not null,
    key text not null,
    at integer not null,
    seq integer not null,
    id text,
    event text not null,
    value integer,
    account text,
    constraint log_entry_pkey primary key (order_number, key)
) strict, without rowid;

-- Refunds that a provider shows and that nobody here decided, and what became of them.
create table provider_fact (
    provider text not null,
    id text not null,
    order_number text,
    payment_id text,
    provider_payment text not null,
    provider_payment_too text,
    amount_minor integer not null,
    currency text not null,
    status text not null,
    made_at integer not null,
    seen_at integer not null,
    explained_at integer,
    explanation text,
    constraint provider_fact_pkey primary key (provider, id)
) strict;
create index provider_fact_order on provider_fact (order_number);
create index provider_fact_waiting on provider_fact (provider) where order_number is null;

-- What does not agree with the world and waits for somebody of finance. While one is open, no money of its order moves.
create table breach (
    id text not null primary key,
    kind text not null,
    provider text not null,
    subject text not null,
    order_number text,
    case_id blob,
    words text not null,
    opened_at integer not null,
    due_at integer not null,
    closed_at integer,
    closed_by blob,
    note text
) strict;
create index breach_order on breach (order_number) where closed_at is null;
create index breach_open on breach (due_at) where closed_at is null;

create table customer (
    id blob not null primary key,
    mail_index blob,
    reference text,
    created_at integer not null
) strict;
create unique index customer_mail on customer (mail_index) where mail_index is not null;
create unique index customer_reference on customer (reference) where reference is not null;

-- Cases as they stand: a view of their events, for lists. open_key is there while a case is open: one per order and claim.
create table desk_case (
    id blob not null primary key,
    number integer not null,
    order_number text not null,
    claim text not null,
    service text,
    open_key text,
    stage text not null,
    version integer not null,
    customer_id blob,
    language text not null,
    channel text not null,
    outcome text,
    clause text,
    amount_minor integer,
    currency text,
    assigned_to blob,
    opened_at integer not null,
    changed_at integer not null,
    closed_at integer,
    due_at integer,
    wake_at integer,
    look integer not null default 0,
    lease_until integer,
    lease_by blob
) strict;
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
    no integer primary key,
    case_id blob not null,
    position integer not null,
    at integer not null,
    kind text not null,
    role text not null,
    person blob,
    record blob not null,
    leaf integer,
    constraint event_position unique (case_id, position)
) strict;
create index event_unsealed on event (no) where leaf is null;
create unique index event_leaf on event (leaf) where leaf is not null;

-- Case files as they were judged.
create table paper (
    digest blob not null primary key,
    bytes blob not null
) strict;

-- Refunds as they stand: a view of the events, for lists, listings and reconciliation.
create table refund (
    key text not null primary key,
    case_id blob not null,
    no integer not null,
    decision integer not null,
    order_number text not null,
    payment_id text not null,
    provider text not null,
    provider_payment text not null,
    provider_refund text,
    amount_minor integer not null,
    currency text not null,
    units integer not null,
    state text not null,
    granted_by blob,
    reserved_at integer not null,
    changed_at integer not null
) strict;
create unique index refund_of_case on refund (case_id, no);
create index refund_order on refund (order_number);
create index refund_provider on refund (provider, provider_payment);
create index refund_reserved on refund (reserved_at);
create index refund_named on refund (provider, provider_refund) where provider_refund is not null;

-- Store credit that was granted.
create table credit (
    case_id blob not null,
    position integer not null,
    order_number text not null,
    customer_id blob,
    amount_minor integer not null,
    currency text not null,
    exchange integer not null,
    granted_at integer not null,
    constraint credit_pkey primary key (case_id, position)
) strict;

create index credit_order on credit (order_number);

-- Commands to fulfilment by the keys that they carry: what is said about one later names no case.
create table command (
    key text not null primary key,
    case_id blob not null,
    no integer not null
) strict;

-- Double entry. Legs of one transaction share case, position and part; they sum to nought per currency.
create table ledger_entry (
    no integer primary key,
    source text not null,
    case_id blob,
    position integer not null,
    part integer not null,
    leg integer not null,
    booking text not null,
    account text not null,
    account_of text not null,
    signed_minor integer not null,
    currency text not null,
    at integer not null
) strict;
create index ledger_entry_account on ledger_entry (account, account_of);
create index ledger_entry_case on ledger_entry (case_id);

-- What people have to do: questions about facts and other tasks, as they stand.
create table task (
    case_id blob not null,
    kind text not null,
    no integer not null,
    team text not null,
    what text not null,
    opened_at integer not null,
    due_at integer not null,
    done_at integer,
    constraint task_pkey primary key (case_id, kind, no)
) strict;
create index task_open on task (team, due_at) where done_at is null;

-- Texts about or by a person, under that person's key.
create table private_text (
    digest blob not null primary key,
    person_id blob not null,
    field text not null,
    sealed blob not null,
    created_at integer not null
) strict;
create index private_text_person on private_text (person_id);

-- Letters that were handed over; of decisions with the proof that they stand in the audit log.
create table letter (
    case_id blob not null,
    no integer not null,
    kind text not null,
    text_digest blob not null,
    proof text,
    handed_at integer not null,
    constraint letter_pkey primary key (case_id, no)
) strict;

-- Files that were handed in.
create table attachment (
    digest blob not null primary key,
    shown blob,
    kind text not null,
    bytes_count integer not null,
    name_digest blob,
    person_id blob,
    created_at integer not null
) strict;

-- Money granted by day, in whole days since 1970: in all, and by person.
create table day_total (
    day integer not null,
    currency text not null,
    person blob not null,
    granted_minor integer not null,
    constraint day_total_pkey primary key (day, currency, person)
) strict;

create table provider_health (
    provider text not null primary key,
    failures integer not null,
    rests_until integer
) strict;

-- The audit log's tree: completed nodes, and the checkpoints that were signed.
create table audit_node (
    level integer not null,
    position integer not null,
    hash blob not null,
    constraint audit_node_pkey primary key (level, position)
) strict, without rowid;
create table checkpoint (
    size integer not null primary key,
    note text not null,
    at integer not null
) strict;

create table staff (
    id blob not null primary key,
    name text not null,
    role text not null,
    created_at integer not null,
    disabled_at integer
) strict;
create unique index staff_name on staff (name);

create table token (
    hash blob not null primary key,
    id blob not null,
    name text not null,
    scopes text not null,
    staff_id blob,
    created_at integer not null,
    expires_at integer,
    used_at integer,
    revoked_at integer
) strict;
create unique index token_id on token (id);

create table sign_in_link (
    hash blob not null primary key,
    staff_id blob not null,
    created_at integer not null,
    expires_at integer not null,
    used_at integer
) strict;

-- Answers to requests that carried a key: the same request gets the same answer.
create table kept_answer (
    caller text not null,
    key text not null,
    method text not null,
    path text not null,
    fingerprint blob not null,
    request blob,
    status integer,
    answer blob,
    created_at integer not null,
    constraint kept_answer_pkey primary key (caller, key)
) strict;
create index kept_answer_age on kept_answer (created_at);

create table webhook_endpoint (
    id blob not null primary key,
    url text not null,
    kinds text not null,
    form text not null,
    secrets blob not null,
    next_leaf integer not null,
    created_at integer not null,
    failing_since integer,
    rests_until integer,
    disabled_at integer,
    disabled_why text
) strict;
create table webhook_delivery (
    id blob not null primary key,
    endpoint_id blob not null,
    leaf integer not null,
    kind text not null,
    body text not null,
    state text not null,
    tries integer not null,
    next_at integer,
    last_status integer,
    last_words text,
    created_at integer not null,
    changed_at integer not null
) strict;
create unique index webhook_delivery_once on webhook_delivery (endpoint_id, leaf);
create index webhook_delivery_due on webhook_delivery (next_at) where next_at is not null;

-- Provider events that came in, each once: names of things to look at. Nobody else looks at one before again_at.
create table provider_event (
    provider text not null,
    id text not null,
    kind text not null,
    about text not null,
    object text not null,
    received_at integer not null,
    again_at integer not null,
    tries integer not null,
    done_at integer,
    constraint provider_event_pkey primary key (provider, id)
) strict;
create index provider_event_open on provider_event (again_at) where done_at is null;

-- What came of holding the books against a provider's.
create table reconciliation (
    id blob not null primary key,
    provider text not null,
    at integer not null,
    since integer not null,
    report text not null
) strict;
create index reconciliation_latest on reconciliation (provider, at);

-- How far an import has come.
create table import_run (
    id text not null primary key,
    source text not null,
    kind text not null,
    bytes_done integer not null,
    lines_done integer not null,
    lines_new integer not null,
    lines_same integer not null,
    lines_conflicting integer not null,
    lines_wrong integer not null,
    changed_at integer not null
) strict;

-- Payment files for transfers by hand, each kept under a key of its own as it was handed to the bank.
create table transfer_batch (
    id text not null primary key,
    provider text not null,
    currency text not null,
    created_at integer not null
) strict;
create table transfer_file (
    batch_id text not null,
    name text not null,
    digest blob not null,
    sealed blob not null,
    constraint transfer_file_pkey primary key (batch_id, name)
) strict;

-- Transfers: refunds at a bank. Where the money goes lies with the texts of whoever gets it.
create table transfer (
    id text not null primary key,
    case_id blob not null,
    refund_no integer not null,
    provider text not null,
    person_id blob not null,
    payee_digest blob not null,
    batch_id text,
    status text not null,
    words text,
    created_at integer not null,
    changed_at integer not null
) strict;
create index transfer_open on transfer (provider, status);

-- Numbers that people call cases by, and the order in which log entries came in. PostgreSQL has sequences for it.
create table counter (
    name text not null primary key,
    value integer not null
) strict;
insert into counter (name, value) values ('case', 1000);
insert into counter (name, value) values ('log', 0);
