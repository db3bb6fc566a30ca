-- As before, but nothing leads back to ACCEPTED while its sender is suspended or locked down: its envelope was deleted,
-- nobody could seal another, and the clock would have ended in a day what waited for the sender to be let in again.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

create or replace function lock_handoff(in_handoff uuid)
  returns table (
    viewed_as text, status text, held_from text, sender_id uuid, recipient_id uuid, priority text,
    risk_profile text, destinations text[], is_sealed boolean, is_blocked boolean, has_consent boolean)
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  viewer uuid := viewer_organisation();
  the_handoff handoff;
  is_out boolean;
  is_party boolean;
  locked text;
begin
  -- Before anything is locked: a stranger neither waits here nor makes anybody wait.
  select h.* into the_handoff from handoff h
    where h.id = in_handoff and (viewer in (h.sender_id, h.recipient_id) or exists (
      select from handoff_candidate c where c.handoff_id = h.id and c.organisation_id = viewer));
  if not found or not viewer_may('handoffs:read', 'handoffs:offer', 'handoffs:receive') then
    return;
  end if;
  -- Once it is accepted it stays with its two sides: of the others nobody has more to do with it than to be told so.
  is_party := viewer in (the_handoff.sender_id, the_handoff.recipient_id) or the_handoff.recipient_id is null;
  if is_party then
    locked := pg_advisory_xact_lock_shared(hashtextextended('standing:' || least(viewer, the_handoff.sender_id), 0));
    locked := pg_advisory_xact_lock_shared(hashtextextended('standing:' || greatest(viewer, the_handoff.sender_id), 0));
  end if;
  if not viewer_stands() then
    return;
  end if;
  if is_party then
    select h.* into the_handoff from handoff h where h.id = in_handoff for update;
  end if;
  select c.dropped_out into is_out from handoff_candidate c
    where c.handoff_id = in_handoff and c.organisation_id = viewer;
  viewed_as := case
    when the_handoff.sender_id = viewer then 'SENDER'
    when the_handoff.recipient_id = viewer then 'RECIPIENT'
    when is_out and the_handoff.recipient_id is null then 'OUT'
    when not is_out and the_handoff.recipient_id is null then 'CANDIDATE'
    when not is_out then 'PASSED_OVER' end;
  if viewed_as is null then
    return;
  end if;
  -- now() is when the transaction began; a lock that was waited for may end past a deadline
  status := case
    when the_handoff.status = 'REQUESTED' and the_handoff.decide_by <= clock_timestamp()
      or the_handoff.status = 'ACCEPTED' and the_handoff.seal_by <= clock_timestamp() then 'EXPIRED'
    else handoff_status(the_handoff) end;
  return query select lock_handoff.viewed_as, lock_handoff.status,
    case when the_handoff.held_from = 'ACCEPTED' and exists (
        select from organisation o where o.id = the_handoff.sender_id and o.status <> 'ACTIVE') then null
      else the_handoff.held_from end,
    the_handoff.sender_id, the_handoff.recipient_id, the_handoff.priority, the_handoff.risk_profile,
    the_handoff.destinations,
    exists (select from handoff_envelope e where e.handoff_id = in_handoff),
    is_blocked(the_handoff.destinations, the_handoff.risk_profile, the_handoff.sender_id,
      case when lock_handoff.viewed_as = 'CANDIDATE' then viewer else the_handoff.recipient_id end),
    the_handoff.consent_withdrawn_at is null and the_handoff.consent_expires_at > clock_timestamp();
end
$$;

reset role;
revoke create on schema public from wayhouse_keeper;
