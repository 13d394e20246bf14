create table migration (
    number bigint not null primary key,
    name text not null,
    applied_at bigint not null
);

create table meta (
    key text not null primary key,
    value bytea
);
