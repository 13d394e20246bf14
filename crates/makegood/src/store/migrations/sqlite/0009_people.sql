-- How people prove who they are: a password and a code that changes; and how they like the console.
alter table staff add column password text;
alter table staff add column totp blob;
alter table staff add column totp_step integer not null default 0;
alter table staff add column recovery text not null default '';
alter table staff add column failures integer not null default 0;
alter table staff add column locked_until integer;
alter table staff add column language text;
alter table staff add column keys_off integer not null default 0;
