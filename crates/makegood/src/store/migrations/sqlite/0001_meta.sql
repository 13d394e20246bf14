create table migration (
    number integer not null primary key,
    name text not null,
    applied_at integer not null
) strict;

create table meta (
    key text not null primary key,
    value blob
) strict;
