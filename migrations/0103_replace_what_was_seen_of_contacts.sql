-- Whoever seals a contact may name what another envelope is to take the place of, or say that none lies there, as of
-- files and instructions: a call that was late put an older one over what a colleague had sealed since.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- What lies sealed for own contacts, to whom, by digest; and since when the key that it is sealed to is retired.
create function sealed_contacts(in_contacts uuid[])
  returns table (contact_id uuid, recipient_id uuid, digest bytea, retired_at timestamptz)
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select e.contact_id, e.recipient_id, sha256(convert_to(e.envelope, 'UTF8')), k.retired_at
    from consulate_envelope e
    join consulate_contact c on c.id = e.contact_id
    left join organisation_key k
      on k.organisation_id = e.recipient_id and k.use = 'SEAL' and k.kid = envelope_kid(e.envelope)
    where e.contact_id = any(in_contacts)
      and c.owner_id = (select viewer_organisation()) and (select viewer_may('consulates:manage'))
      and c.programme <> 'CLOSED'
    order by e.contact_id, e.recipient_id;
end;

-- in_named false: over whatever lies there. Else in_digest is the SHA-256 of what is to lie there; null: nothing.
-- Whether it was put there.
create function replace_consulate_envelope(
    in_contact uuid, in_recipient uuid, in_envelope text, in_named boolean, in_digest bytea)
  returns boolean
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
begin
  if not may_be_revealed_to(in_contact, in_recipient) then
    return false;
  end if;
  if in_digest is not null then
    update consulate_envelope e set envelope = in_envelope, sealed_at = clock_timestamp()
      where e.contact_id = in_contact and e.recipient_id = in_recipient
        and sha256(convert_to(e.envelope, 'UTF8')) = in_digest;
  else
    insert into consulate_envelope as e (contact_id, recipient_id, envelope)
      values (in_contact, in_recipient, in_envelope)
      on conflict (contact_id, recipient_id)
        do update set envelope = excluded.envelope, sealed_at = clock_timestamp() where not in_named;
  end if;
  return found;
end
$$;

grant execute on function
    sealed_contacts(uuid[]), replace_consulate_envelope(uuid, uuid, text, boolean, bytea)
  to wayhouse_api;
reset role;
revoke create on schema public from wayhouse_keeper;
