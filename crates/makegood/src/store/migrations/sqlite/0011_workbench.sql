-- What people keep for their work: views of the queue of one's own, and replies that are written again and again.
create table saved_view (
    staff_id blob not null,
    no integer not null,
    name text not null,
    query text not null,
    created_at integer not null,
    constraint saved_view_pkey primary key (staff_id, no)
) strict;
create table standard_reply (
    id blob not null,
    name text not null,
    text_da text not null,
    text_en text not null,
    changed_at integer not null,
    changed_by blob,
    constraint standard_reply_pkey primary key (id),
    constraint standard_reply_name unique (name)
) strict;
-- Drafts of policy versions. One of a version is approved at most, by somebody who did not write it.
create table policy_draft (
    id blob not null,
    version text not null,
    source text not null,
    translation text not null,
    created_at integer not null,
    created_by blob,
    approved_at integer,
    approved_by blob,
    withdrawn_at integer,
    constraint policy_draft_pkey primary key (id)
) strict;
create unique index policy_draft_version on policy_draft (version) where approved_at is not null;
