-- Keys of persons, wrapped with the master key. A key is gone exactly when its person was erased; the row stays, so that no new
-- key is made. Leave its rows out of dumps that are kept longer than the law lets one take to erase: --exclude-table-data=person_key.
create table person_key (
    person text not null primary key,
    wrapped bytea,
    erased_at bigint,
    constraint person_key_gone_when_erased check ((wrapped is null) = (erased_at is not null))
);
