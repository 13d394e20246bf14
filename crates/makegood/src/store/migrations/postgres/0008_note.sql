-- What the merchant's people write for each other at a case. The words lie under the customer's key, and go with it.
create table case_note (
    case_id bytea not null,
    no bigint not null,
    staff_id bytea,
    text_digest bytea not null,
    at bigint not null,
    constraint case_note_pkey primary key (case_id, no)
);
