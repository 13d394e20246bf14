-- What people keep for their work: views of the queue of one's own, and replies that are written again and again.
create table saved_view (
    staff_id bytea not null,
    no bigint not null,
    name text not null,
    query text not null,
    created_at bigint not null,
    constraint saved_view_pkey primary key (staff_id, no)
);
create table standard_reply (
    id bytea not null,
    name text not null,
    text_da text not null,
    text_en text not null,
    changed_at bigint not null,
    changed_by bytea,
    constraint standard_reply_pkey primary key (id),
    constraint standard_reply_name unique (name)
);
-- Drafts of policy versions. One of a version is approved at most, by somebody who did not write it.
create table policy_draft (
    id bytea not null,
    version text not null,
    source text not null,
    translation text not null,
    created_at bigint not null,
    created_by bytea,
    approved_at bigint,
    approved_by bytea,
    withdrawn_at bigint,
    constraint policy_draft_pkey primary key (id)
);
create unique index policy_draft_version on policy_draft (version) where approved_at is not null;
