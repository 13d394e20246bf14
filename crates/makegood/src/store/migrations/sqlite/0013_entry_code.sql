-- Codes that customers are mailed to show who they are. Of a code only a mark is kept.
create table entry_code (
    id blob not null,
    customer_id blob,
    order_number text not null,
    mark blob not null,
    created_at integer not null,
    expires_at integer not null,
    tries integer not null,
    used_at integer,
    constraint entry_code_pkey primary key (id)
) strict;
create index entry_code_customer on entry_code (customer_id, created_at) where customer_id is not null;
create index entry_code_expires on entry_code (expires_at);
