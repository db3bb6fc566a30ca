-- Whoever seals may name the envelope that another is to take the place of, or say that none lies there: a call that
-- was late, or made again, put an older one over what had been sealed meanwhile.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- In both, in_named false: whatever lies there. Else in_digest is the SHA-256 of what is to lie there; null: nothing.

-- Takes away the file that the caller has sealed for this handoff. Whether none lies in the way of the next.
create function make_way_for_file(in_handoff uuid, in_named boolean, in_digest bytea) returns boolean
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
begin
  delete from handoff_envelope e using handoff h
    where e.handoff_id = in_handoff and h.id = in_handoff
      and h.sender_id = viewer_organisation() and viewer_may('handoffs:offer')
      and (not in_named or sha256(convert_to(e.envelope, 'UTF8')) = in_digest);
  return found or in_digest is null;
end
$$;

-- Of a hold at the caller. Whether they were put there.
create function replace_instructions(in_hold uuid, in_envelope text, in_named boolean, in_digest bytea)
  returns boolean
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
begin
  if in_digest is not null then
    update bed_hold_instruction i set envelope = in_envelope
      where i.hold_id = in_hold and i.host_id = viewer_organisation() and viewer_may('beds:manage')
        and sha256(convert_to(i.envelope, 'UTF8')) = in_digest;
  else
    insert into bed_hold_instruction as i (hold_id, holder_id, host_id, envelope)
      select h.id, h.holder_id, h.host_id, in_envelope from bed_hold h
      where h.id = in_hold and h.host_id = viewer_organisation() and viewer_may('beds:manage')
      on conflict (hold_id) do update set envelope = excluded.envelope where not in_named;
  end if;
  return found;
end
$$;

grant execute on function
    make_way_for_file(uuid, boolean, bytea), replace_instructions(uuid, text, boolean, bytea)
  to wayhouse_api;
reset role;
revoke create on schema public from wayhouse_keeper;
