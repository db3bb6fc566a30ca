-- Each purge looked at every handoff that there is: of some hundred thousand it would have outlasted the time that a
-- statement has. It begins with the steps that are old by now, which are few: those of what was purged are gone.

-- runs beside old processes although index: a step of a handoff is written some times in its life, and a hundred thousand are read in a moment.
create index handoff_transition_by_time on handoff_transition (at);

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

create or replace function purge_handoffs(in_limit integer) returns table (parties uuid[])
  language sql volatile set search_path = public, pg_temp
begin atomic
  with due as (
      select h.id from handoff h
        where h.id in (
            select t.handoff_id from handoff_transition t where t.at < (select due_before('handoff')))
          and not exists (
            select from handoff_transition t
              where t.handoff_id = h.id and t.at >= (select due_before('handoff')))
          and (h.status not in ('REQUESTED', 'ACCEPTED', 'IN_PROGRESS', 'ON_HOLD')
            or h.consent_expires_at < (select due_before('handoff')))
        limit in_limit for update of h skip locked),
    candidates as (delete from handoff_candidate c using due where c.handoff_id = due.id),
    deleted as (
      delete from handoff h using due where h.id = due.id returning h.sender_id, h.recipient_id)
  select array_remove(array[d.sender_id, d.recipient_id], null) from deleted d;
end;

reset role;
revoke create on schema public from wayhouse_keeper;
