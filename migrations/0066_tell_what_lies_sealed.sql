-- Whoever sealed something cannot read it, and could not tell whether it still lay there: it sealed twice, or over
-- what a colleague had sealed, and never again after a suspension had destroyed it. What was sealed it is not told.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- SHA-256 of what lies there, to the sender of each of these handoffs alone.
create function sealed_files(in_handoffs uuid[]) returns table (handoff_id uuid, digest bytea)
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select e.handoff_id, sha256(convert_to(e.envelope, 'UTF8'))
    from handoff_envelope e join handoff h on h.id = e.handoff_id
    where e.handoff_id = any (in_handoffs) and h.sender_id = (select viewer_organisation())
      and (select viewer_may('handoffs:read', 'handoffs:offer')) and h.consent_expires_at > now();
end;

-- Likewise to the host of each of these holds alone.
create function sealed_instructions(in_holds uuid[]) returns table (hold_id uuid, digest bytea)
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select i.hold_id, sha256(convert_to(i.envelope, 'UTF8'))
    from bed_hold_instruction i join bed_hold h on h.id = i.hold_id
    where i.hold_id = any (in_holds) and i.host_id = (select viewer_organisation())
      and (select viewer_may('beds:manage'))
      and hold_status(h.status, h.expires_at, h.ends_on) in ('HELD', 'CONFIRMED');
end;

grant execute on function sealed_files(uuid[]), sealed_instructions(uuid[]) to wayhouse_api;
reset role;
revoke create on schema public from wayhouse_keeper;
