-- Codes that customers are mailed to show who they are. Of a code only a mark is kept.
create table entry_code (
    id bytea not null,
    customer_id bytea,
    order_number text not null,
    mark bytea not null,
    created_at bigint not null,
    expires_at bigint not null,
    tries bigint not null,
    used_at bigint,
    constraint entry_code_pkey primary key (id)
);
create index entry_code_customer on entry_code (customer_id, created_at) where customer_id is not null;
create index entry_code_expires on entry_code (expires_at);
