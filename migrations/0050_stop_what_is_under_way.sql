-- runs beside old processes although alter type: a few rows for each handoff of the last month, rewritten in a moment
-- Whoever is suspended or locked down keeps nothing that was under way: not the envelope of what was on hold
-- already, and not what is being accepted, resumed or granted at that very moment.

-- A recipient that holds and resumes for an hour must not stop whoever suspends it.
alter table handoff_transition alter column position type integer;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- Whether the caller's organisation is active; it stays so until the transaction ends. Whoever takes that away
-- waits for what is done meanwhile, and then sees it.
create function viewer_stands() returns boolean
  language plpgsql security definer set search_path = public, pg_temp
as $$
begin
  perform pg_advisory_xact_lock_shared(hashtextextended('standing:' || viewer_organisation(), 0));
  return exists (select from organisation o where o.id = viewer_organisation() and o.status = 'ACTIVE');
end
$$;

create or replace function lock_handoff(in_handoff uuid)
  returns table (
    viewed_as text, status text, held_from text, sender_id uuid, recipient_id uuid, priority text,
    risk_profile text, destinations text[], is_sealed boolean, is_blocked boolean, has_consent boolean
  )
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  viewer uuid := viewer_organisation();
  the_handoff handoff;
  is_out boolean;
begin
  -- Before anything is locked: a stranger neither waits here nor makes anybody wait.
  select h.* into the_handoff from handoff h
    where h.id = in_handoff and (viewer in (h.sender_id, h.recipient_id) or exists (
      select from handoff_candidate c where c.handoff_id = h.id and c.organisation_id = viewer));
  if not found or not viewer_may('handoffs:read', 'handoffs:offer', 'handoffs:receive') or not viewer_stands() then
    return;
  end if;
  perform pg_advisory_xact_lock_shared(hashtextextended('standing:' || the_handoff.sender_id, 0));
  select h.* into the_handoff from handoff h where h.id = in_handoff for update;
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
  return query select lock_handoff.viewed_as, lock_handoff.status, the_handoff.held_from,
    the_handoff.sender_id, the_handoff.recipient_id, the_handoff.priority, the_handoff.risk_profile,
    the_handoff.destinations,
    exists (select from handoff_envelope e where e.handoff_id = in_handoff),
    is_blocked(the_handoff.destinations, the_handoff.risk_profile, the_handoff.sender_id, the_handoff.recipient_id),
    the_handoff.consent_withdrawn_at is null and the_handoff.consent_expires_at > clock_timestamp();
end
$$;

-- What is on hold already stays where it was held from; nothing is written into its history.
create or replace function settle_handoff(in_handoff handoff, in_status text, in_party text, in_reason text)
  returns void language plpgsql set search_path = public, pg_temp
as $$
begin
  delete from handoff_envelope e where e.handoff_id = in_handoff.id
    and (in_status <> 'ON_HOLD' or in_reason = 'ORGANISATION_SUSPENDED');
  update handoff h set status = in_status, reason = coalesce(in_reason, h.reason),
      held_from = case when in_status = 'ON_HOLD' then coalesce(h.held_from, h.status) end,
      seal_by = case when in_status = 'ON_HOLD' and 'ACCEPTED' in (h.status, h.held_from) then h.seal_by end
    where h.id = in_handoff.id;
  if in_handoff.status <> in_status then
    insert into handoff_transition (handoff_id, position, sender_id, status, party)
      select in_handoff.id, count(*) + 1, in_handoff.sender_id, in_status, in_party
      from handoff_transition t where t.handoff_id = in_handoff.id;
  end if;
  insert into event (kind, subject_type, subject_id, owner_id, party_id)
    select 'HANDOFF_CHANGED', 'Handoff', in_handoff.id, in_handoff.sender_id, other
    from (
      select in_handoff.recipient_id as other where in_handoff.recipient_id is not null
      union select c.organisation_id from handoff_candidate c
        where c.handoff_id = in_handoff.id and in_handoff.recipient_id is null) others;
end
$$;

create or replace function suspend_handoffs_of(in_organisation uuid) returns void
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  live handoff;
  stopped handoff[] := '{}';
begin
  if not (in_organisation is not distinct from viewer_organisation() and viewer_may('clients:manage')
          or viewer_may('network:admin')) then
    raise insufficient_privilege using message = 'not the caller''s to suspend';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('standing:' || in_organisation, 0));
  for live in
    select h.* from handoff h
      where in_organisation in (h.sender_id, h.recipient_id)
        and (h.status in ('IN_PROGRESS', 'ON_HOLD')
          -- whoever reads it is told that it has expired: it does not come back
          or h.status = 'ACCEPTED' and (h.seal_by is null or h.seal_by > clock_timestamp()))
      order by h.id for update
  loop
    perform settle_handoff(live, 'ON_HOLD', 'NETWORK', 'ORGANISATION_SUSPENDED');
    stopped := stopped || live;
  end loop;
  perform lock_chains(array(select unnest(array[h.sender_id, h.recipient_id]) from unnest(stopped) h));
  perform append_audit(chain, viewer_organisation(), null, h.sender_id, 'suspendHandoff', 'network:admin', 'Handoff', h.id)
    from unnest(stopped) h cross join lateral unnest(array[h.sender_id, h.recipient_id]) chain
    order by h.id, chain;
end
$$;

-- Chains are locked at the end, all in one order: locked handoff by handoff, they would be in the order of those,
-- and each waits for whoever else holds one.
create or replace function settle_handoffs(in_limit integer) returns integer
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  due handoff;
  became text;
  settled handoff[] := '{}';
  closed text[] := closed_countries();
begin
  for due in
    select h.* from handoff h
      where h.id in (
        select d.id from handoff d where d.status = 'REQUESTED' and d.decide_by <= now()
        union
        select d.id from handoff d where d.status = 'ACCEPTED' and d.seal_by <= now()
        union
        select d.id from handoff d where d.status = 'ACCEPTED' and d.destinations <@ closed
          and is_blocked(d.destinations, d.risk_profile, d.sender_id, d.recipient_id)
        order by id limit in_limit)
      order by h.id for update of h skip locked
  loop
    became := handoff_status(due);
    continue when became = due.status or due.status = 'REQUESTED' and became <> 'EXPIRED';
    perform settle_handoff(due, became, case when became = 'EXPIRED' then 'CLOCK' else 'NETWORK' end,
      case when became = 'EXPIRED' then 'NO_ANSWER' else 'UNSAFE_COUNTRY' end);
    due.status := became;
    settled := settled || due;
  end loop;
  perform lock_chains(array(
    select c from unnest(settled) h cross join lateral unnest(array[h.sender_id, h.recipient_id]) c
      where c is not null));
  perform append_audit(chain, chain, null, h.sender_id,
      case when h.status = 'EXPIRED' then 'expireHandoff' else 'holdHandoff' end, 'handoffs:read', 'Handoff', h.id)
    from unnest(settled) h cross join lateral unnest(array[h.sender_id, h.recipient_id]) chain
    where chain is not null
    order by h.id, chain;
  return cardinality(settled);
end
$$;

-- Of a grant to a circle the other members keep theirs; its owner is told whom it reaches no longer.
create or replace function revoke_every_grant_of(in_organisation uuid) returns setof sharing_grant
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  left_alone uuid[];
begin
  if not (in_organisation is not distinct from viewer_organisation() and viewer_may('clients:manage')
          or viewer_may('network:admin')) then
    raise insufficient_privilege using message = 'not the caller''s to revoke';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('standing:' || in_organisation, 0));
  with ended as (
    delete from sharing_reach r
      where r.owner_id = in_organisation or r.organisation_id = in_organisation
      returning r.grant_id, r.owner_id, r.circle_id)
  select array_agg(distinct e.grant_id) into left_alone
    from ended e where e.circle_id is not null and e.owner_id <> in_organisation;
  return query
    update sharing_grant g set revoked_at = now()
      where (g.owner_id = in_organisation or g.organisation_id = in_organisation)
        and g.revoked_at is null
      returning g.*;
  return query
    select g.id, g.owner_id, in_organisation, g.circle_id, g.scopes, g.countries, g.valid_from, g.valid_until,
        g.revoked_at
      from sharing_grant g where g.id = any (left_alone);
end
$$;

grant execute on function viewer_stands() to wayhouse_api;

reset role;
revoke create on schema public from wayhouse_keeper;
