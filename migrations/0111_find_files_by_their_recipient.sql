-- Whoever retired a key read every file that lies sealed, of whomever. And each purge of files read every handoff that there
-- is, as did each purge of handoffs, with their steps.

-- runs beside old processes although index: what lies sealed is deleted on receipt, so that it is some hundred rows.
create index handoff_envelope_by_recipient on handoff_envelope (recipient_id, handoff_id);

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- What has steps that are old by now is looked up by its key, however many the planner takes them for.
create or replace function purge_handoffs(in_limit integer) returns table (parties uuid[])
  language sql volatile set search_path = public, pg_temp
begin atomic
  with due as (
      select h.id from handoff h
        where h.id = any (array(
            select t.handoff_id from handoff_transition t where t.at < (select due_before('handoff'))))
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

-- Of the handoffs no more than those that have a file: the end of consent stands there.
create or replace function purge_handoff_envelopes(in_limit integer) returns table (parties uuid[])
  language sql volatile set search_path = public, pg_temp
begin atomic
  with due as (
      select h.id from handoff h
        where h.id = any (array(
          select e.handoff_id from handoff_envelope e
            cross join lateral (select h.consent_expires_at from handoff h where h.id = e.handoff_id offset 0) h
            where e.sealed_at < (select due_before('handoff_envelope')) or h.consent_expires_at <= now()))
        limit in_limit for update of h skip locked),
    deleted as (
      delete from handoff_envelope e using due where e.handoff_id = due.id
        returning e.handoff_id, e.recipient_id),
    lapsed as (
      update handoff h set seal_by = now() from deleted d
        where h.id = d.handoff_id and 'ACCEPTED' in (h.status, h.held_from)
        returning h.id)
  select array[h.sender_id, d.recipient_id] from deleted d join handoff h on h.id = d.handoff_id;
end;

reset role;
revoke create on schema public from wayhouse_keeper;
