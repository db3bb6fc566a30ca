-- Of what was offered to an organisation and has ended without a recipient, the index of its candidacies says as what: to find
-- what was rejected, each offer was looked at that others had cancelled.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;
create or replace function end_candidacies() returns trigger
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
begin
  update handoff_candidate c set is_over = new.status <> 'REQUESTED', over_as = status_letter(new.status)
    where c.handoff_id = new.id;
  return null;
end
$$;
reset role;
revoke create on schema public from wayhouse_keeper;

-- The letter of its handoff's status while that has no recipient, copied as is_over is.
alter table handoff_candidate add column over_as "char" not null default 'R';
grant update (over_as) on handoff_candidate to wayhouse_keeper;
set local role wayhouse_keeper;
update handoff_candidate c set over_as = status_letter(h.status)
  from handoff h where h.id = c.handoff_id and h.recipient_id is null and h.status <> 'REQUESTED';
reset role;

drop index handoff_candidate_waiting;
-- runs beside old processes although index: a network has some ten thousand candidates that nobody has come before, and an index of them is built in a moment.
create index handoff_candidate_by_end on handoff_candidate (organisation_id, is_over, handoff_id, over_as) include (sender_id)
  where is_open;
