-- An envelope that is put in the place of one that the purge looks at is in the same row, and the key that it is
-- sealed to may be newer than what the purge sees: it went with the old one, just after its recipient was told of it.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- As before, but of a row only what was looked at.
create or replace function purge_consulate_envelopes(in_limit integer) returns table (parties uuid[])
  language sql volatile set search_path = public, pg_temp
begin atomic
  with due as (
      -- Locked, it is what lies there by now; the statement still sees what lay there when it began.
      select e.contact_id, e.recipient_id, e.ctid as place, c.owner_id
        from consulate_envelope e join consulate_contact c on c.id = e.contact_id
        where not is_revealed(c, e.recipient_id)
          or not exists (
            select from organisation_key k
              where k.organisation_id = e.recipient_id and k.kid = envelope_kid(e.envelope)
                and k.use = 'SEAL' and k.retired_at is null)
          or c.programme = 'CLOSED' or c.review_by < due_before('consulate_envelope') - interval '180 days'
        limit in_limit for update of e skip locked),
    deleted as (
      delete from consulate_envelope e using due
        where e.contact_id = due.contact_id and e.recipient_id = due.recipient_id and e.ctid = due.place
        returning due.owner_id)
  select array[d.owner_id] from deleted d;
end;

reset role;
revoke create on schema public from wayhouse_keeper;
