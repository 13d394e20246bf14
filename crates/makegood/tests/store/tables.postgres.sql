create table person (
    id bytea not null primary key,
    email text not null,
    name text not null constraint person_name_is_there check (length(name) > 0),
    tag text unique
);
create unique index person_by_email on person (email);
create unique index person_by_small_name on person (lower(name));

create table seat (
    row bigint not null,
    number bigint not null,
    person bytea references person (id),
    late_person bytea references person (id) deferrable initially deferred,
    primary key (row, number)
);
create unique index seat_of_person on seat (person, row) where person is not null;

create table note (
    text text not null
);
create function note_is_final() returns trigger language plpgsql as $$
begin
    raise exception 'note_is_final';
end $$;
create trigger note_is_final before update on note for each row execute function note_is_final();

create table account (
    id bigint not null primary key,
    captured bigint not null,
    reserved bigint not null default 0,
    constraint account_reserved_within_captured check (reserved >= 0 and reserved <= captured)
);

create table kept (
    id bigint not null primary key,
    number bigint,
    words text,
    bytes bytea
);
