-- By which words a case is found: a code over each, under a key of the desk's own, so that nobody reads them here. They go with the person.
create table word (
    word blob not null,
    case_id blob not null,
    person_id blob not null,
    constraint word_pkey primary key (word, case_id)
) strict, without rowid;
create index word_person on word (person_id);
-- What a provider calls a refund or a payment is found without saying whose.
create index refund_called on refund (provider_refund) where provider_refund is not null;
create index payment_called on payment (reference);
