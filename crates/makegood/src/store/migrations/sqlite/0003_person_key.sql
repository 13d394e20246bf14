-- Keys of persons, as on PostgreSQL. Here they lie in a file of their own, where deleted keys are overwritten, and this stays empty.
create table person_key (
    person text not null primary key,
    wrapped blob,
    erased_at integer,
    constraint person_key_gone_when_erased check ((wrapped is null) = (erased_at is not null))
) strict;
