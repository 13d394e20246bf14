-- What was answered to a dispute: each act as it is asked of the provider, and what came of it. A round is one chance to answer.
create table dispute_answer (
    dispute_id text not null,
    no bigint not null,
    round text not null,
    act text not null,
    state text not null,
    staff_id bytea,
    at bigint not null,
    settled_at bigint,
    words text not null default '',
    constraint dispute_answer_pkey primary key (dispute_id, no)
);
-- In a round evidence is handed in once, or the dispute is accepted once, and never both.
create unique index dispute_answer_final on dispute_answer (dispute_id, round) where act <> 'stage' and state <> 'refused';
