-- A file that is sealed anew while the purge looks at the old one is another row, which it has not looked at: the
-- handoff of that one went on, and was ended all the same.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- As before, but only what was deleted lapses.
create or replace function purge_handoff_envelopes(in_limit integer) returns table (parties uuid[])
  language sql volatile set search_path = public, pg_temp
begin atomic
  with due as (
      select h.id from handoff_envelope e join handoff h on h.id = e.handoff_id
        where e.sealed_at < due_before('handoff_envelope') or h.consent_expires_at <= now()
        limit in_limit for update of h skip locked),
    deleted as (delete from handoff_envelope e using due where e.handoff_id = due.id returning e.*),
    lapsed as (
      update handoff h set seal_by = now() from deleted d
        where h.id = d.handoff_id and 'ACCEPTED' in (h.status, h.held_from)
        returning h.id)
  select array[h.sender_id, d.recipient_id] from deleted d join handoff h on h.id = d.handoff_id;
end;

reset role;
revoke create on schema public from wayhouse_keeper;
