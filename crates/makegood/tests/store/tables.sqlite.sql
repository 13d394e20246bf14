create table person (
    id blob not null primary key,
    email text not null,
    name text not null constraint person_name_is_there check (length(name) > 0),
    tag text unique
) strict;
create unique index person_by_email on person (email);
create unique index person_by_small_name on person (lower(name));

create table seat (
    row integer not null,
    number integer not null,
    person blob references person (id),
    late_person blob references person (id) deferrable initially deferred,
    primary key (row, number)
) strict;
create unique index seat_of_person on seat (person, row) where person is not null;

create table note (
    text text not null
) strict;
create trigger note_is_final before update on note begin
    select raise(abort, 'note_is_final');
end;

create table account (
    id integer not null primary key,
    captured integer not null,
    reserved integer not null default 0,
    constraint account_reserved_within_captured check (reserved >= 0 and reserved <= captured)
) strict;

create table kept (
    id integer not null primary key,
    number integer,
    words text,
    bytes blob
) strict;
