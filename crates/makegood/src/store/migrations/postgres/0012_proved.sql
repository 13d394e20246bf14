-- When whoever has a session last proved who they are, beyond having the session.
alter table session add column proved_at bigint;
