-- What became of store credit; of an exchange, the order and the service that it was spent on.
alter table credit add column state text not null default 'granted';
alter table credit add column new_order text;
alter table credit add column new_service text;

-- Whether a provider has told of a dispute itself, which is more than what a shop says of it; and what it keeps as its fee.
alter table dispute add column reported integer not null default 0;
alter table dispute add column fee_minor integer not null default 0;
alter table dispute add column fee_currency text;
update dispute set reported = 1 where booked <> 'nothing' or provider_status not in ('open', 'won', 'lost') or provider_payment <> '';
