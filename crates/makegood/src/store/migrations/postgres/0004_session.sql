-- Who is signed in. Of the secret that a browser holds only the hash is kept.
create table session (
    hash bytea not null primary key,
    id bytea not null,
    staff_id bytea not null,
    created_at bigint not null,
    expires_at bigint not null,
    used_at bigint not null,
    ended_at bigint
);
create index session_expires on session (expires_at);

create index sign_in_link_expires on sign_in_link (expires_at);
create index breach_opened on breach (opened_at, id);

-- For meters: few refunds are so, and for short.
create index refund_unknown on refund (provider) where state = 'unknown';
