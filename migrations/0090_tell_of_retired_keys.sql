-- Whoever had sealed something was not told when the key that it is sealed to was retired: it lay there until its
-- end, and its recipient may have been able to open it no more.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- Of these handoffs those whose file is sealed to a key that is retired, and since when, to both sides.
create function files_to_retired_keys(in_handoffs uuid[]) returns table (handoff_id uuid, retired_at timestamptz)
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select e.handoff_id, k.retired_at
    from handoff_envelope e join handoff h on h.id = e.handoff_id
    join organisation_key k on k.organisation_id = e.recipient_id and k.kid = envelope_kid(e.envelope)
    where e.handoff_id = any (in_handoffs) and (select viewer_organisation()) in (h.sender_id, e.recipient_id)
      and (select viewer_may('handoffs:read', 'handoffs:offer', 'handoffs:receive'))
      and h.consent_expires_at > now() and k.retired_at is not null;
end;

-- Likewise of these holds.
create function instructions_to_retired_keys(in_holds uuid[]) returns table (hold_id uuid, retired_at timestamptz)
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select i.hold_id, k.retired_at
    from bed_hold_instruction i join bed_hold h on h.id = i.hold_id
    join organisation_key k on k.organisation_id = i.holder_id and k.kid = envelope_kid(i.envelope)
    where i.hold_id = any (in_holds)
      and (i.host_id = (select viewer_organisation()) and (select viewer_may('beds:manage'))
        or i.holder_id = (select viewer_organisation()) and (select viewer_may('beds:hold')))
      and hold_status(h.status, h.expires_at, h.ends_on) in ('HELD', 'CONFIRMED') and k.retired_at is not null;
end;

-- What lies there sealed to this key of the caller, and by whom.
create function sealed_to(in_kid text) returns table (subject_type text, subject_id uuid, sealed_by uuid)
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select 'Handoff', e.handoff_id, h.sender_id
    from handoff_envelope e join handoff h on h.id = e.handoff_id
    where e.recipient_id = (select viewer_organisation()) and (select viewer_may('keys:manage'))
      and h.consent_expires_at > now() and envelope_kid(e.envelope) = in_kid
  union all
  select 'BedHold', i.hold_id, i.host_id
    from bed_hold_instruction i join bed_hold h on h.id = i.hold_id
    where i.holder_id = (select viewer_organisation()) and (select viewer_may('keys:manage'))
      and hold_status(h.status, h.expires_at, h.ends_on) in ('HELD', 'CONFIRMED')
      and envelope_kid(i.envelope) = in_kid;
end;

grant execute on function
    files_to_retired_keys(uuid[]), instructions_to_retired_keys(uuid[]), sealed_to(text)
  to wayhouse_api;
reset role;
revoke create on schema public from wayhouse_keeper;
