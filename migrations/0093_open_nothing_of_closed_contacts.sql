-- What lies sealed for a contact that was closed could be revealed until it was purged.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- As before, and its contact is not closed: what whoever reveals the contact may be given.
create or replace function is_sealed_to_active_key(in_envelope consulate_envelope) returns boolean
  language sql stable set search_path = public, pg_temp
begin atomic
  select exists (
      select from organisation_key k
        where k.organisation_id = in_envelope.recipient_id and k.kid = envelope_kid(in_envelope.envelope)
          and k.use = 'SEAL' and k.retired_at is null)
    and exists (
      select from consulate_contact c where c.id = in_envelope.contact_id and c.programme <> 'CLOSED');
end;

reset role;
revoke create on schema public from wayhouse_keeper;
