-- The queue of open cases, what is due first first: of a stage, of all, of a person.
create index desk_case_queue on desk_case (stage, coalesce(due_at, 9000000000000000000), number) where closed_at is null;
create index desk_case_due on desk_case (coalesce(due_at, 9000000000000000000), number) where closed_at is null;
create index desk_case_mine on desk_case (assigned_to, coalesce(due_at, 9000000000000000000), number) where closed_at is null and assigned_to is not null;
