-- How people prove who they are: a password and a code that changes; and how they like the console.
alter table staff add column password text;
alter table staff add column totp bytea;
alter table staff add column totp_step bigint not null default 0;
alter table staff add column recovery text not null default '';
alter table staff add column failures bigint not null default 0;
alter table staff add column locked_until bigint;
alter table staff add column language text;
alter table staff add column keys_off bigint not null default 0;
