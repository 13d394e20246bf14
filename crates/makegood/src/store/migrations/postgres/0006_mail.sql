-- Letters on their way out by mail: what is sent lies sealed, and the address is looked up when it is sent.
create table mail_out (
    case_id bytea not null,
    no bigint not null,
    person_id bytea not null,
    kept bytea not null,
    message_id text not null,
    state text not null,
    tries bigint not null,
    next_at bigint,
    said text,
    queued_at bigint not null,
    ended_at bigint,
    primary key (case_id, no)
);
create index mail_out_next on mail_out (next_at) where state = 'waiting';

-- Mail that came in: kept as it came, sealed, before anybody judges it.
create table mail_in (
    id bytea not null primary key,
    digest bytea not null,
    person_id bytea not null,
    sealed bytea not null,
    null_sender bigint not null,
    answers_case bytea,
    answers_letter bigint,
    state text not null,
    case_id bytea,
    flaws text not null,
    files bigint not null,
    files_refused bigint not null,
    tries bigint not null,
    next_at bigint,
    came_at bigint not null
);
create unique index mail_in_digest on mail_in (digest);
create index mail_in_next on mail_in (next_at) where state = 'new';
create index mail_in_state on mail_in (state, id);
