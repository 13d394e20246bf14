-- What the merchant's people write for each other at a case. The words lie under the customer's key, and go with it.
create table case_note (
    case_id blob not null,
    no integer not null,
    staff_id blob,
    text_digest blob not null,
    at integer not null,
    constraint case_note_pkey primary key (case_id, no)
) strict;
