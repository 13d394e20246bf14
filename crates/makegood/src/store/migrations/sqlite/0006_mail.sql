-- Letters on their way out by mail: what is sent lies sealed, and the address is looked up when it is sent.
create table mail_out (
    case_id blob not null,
    no integer not null,
    person_id blob not null,
    kept blob not null,
    message_id text not null,
    state text not null,
    tries integer not null,
    next_at integer,
    said text,
    queued_at integer not null,
    ended_at integer,
    primary key (case_id, no)
) strict;
create index mail_out_next on mail_out (next_at) where state = 'waiting';

-- Mail that came in: kept as it came, sealed, before anybody judges it.
create table mail_in (
    id blob not null primary key,
    digest blob not null,
    person_id blob not null,
    sealed blob not null,
    null_sender integer not null,
    answers_case blob,
    answers_letter integer,
    state text not null,
    case_id blob,
    flaws text not null,
    files integer not null,
    files_refused integer not null,
    tries integer not null,
    next_at integer,
    came_at integer not null
) strict;
create unique index mail_in_digest on mail_in (digest);
create index mail_in_next on mail_in (next_at) where state = 'new';
create index mail_in_state on mail_in (state, id);
