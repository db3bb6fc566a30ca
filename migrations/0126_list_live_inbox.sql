-- And what waits for an answer of what all candidates are asked: to find it, all was read that nobody had taken.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

create function end_candidacies() returns trigger
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
begin
  update handoff_candidate c set is_over = new.status <> 'REQUESTED' where c.handoff_id = new.id;
  return null;
end
$$;
do $$
begin
  execute format('grant execute on function end_candidacies() to %I', session_user);
end
$$;

-- What stops handoffs is asked once, as closed_to_profiles() and inactive_organisations() tell it.
create or replace function list_inbox(in_statuses text[], in_after uuid, in_limit integer)
  returns table (
    id uuid, status text, sender_id uuid, recipient_id uuid, needs text[], risk_profile text, adults integer, children integer,
    placement text, priority text, country text, destinations text[], documents_held text[], window_start date,
    window_end date, consent_purpose text, consent_given_at timestamptz, consent_expires_at timestamptz,
    consent_by_caregiver boolean, consent_withdrawn_at timestamptz, acknowledged_at timestamptz,
    acknowledge_by timestamptz, decide_by timestamptz, reason text, sender_handle text, sender_status text,
    sender_thumbprint text)
  language plpgsql stable security definer rows 20 set search_path = public, pg_temp set enable_seqscan = off
  set enable_bitmapscan = off
as $$
#variable_conflict use_column
declare
  viewer uuid := viewer_organisation();
  least uuid := coalesce(in_after, '00000000-0000-0000-0000-000000000000');
  is_of_live boolean := coalesce(in_statuses <@ '{REQUESTED,ACCEPTED,IN_PROGRESS,ON_HOLD}', false);
  closed text[];
  countries text[] := '{}';
  inactive uuid[];
begin
  if viewer is null or not viewer_may('handoffs:read', 'handoffs:offer', 'handoffs:receive') then
    return;
  end if;
  select array(
      select distinct a.country || ' ' || p
        from advisory_confirmation c join advisory a on a.id = c.advisory_id cross join unnest(a.risk_profiles) p
        where a.withdrawn_at is null and a.effective_from <= now() and a.expires_at > now()),
    array(select o.id from organisation o where o.status <> 'ACTIVE')
    into closed, inactive;
  if closed <> '{}' then
    countries := array(select split_part(c, ' ', 1) from unnest(closed) c);
  end if;
  return query
    select h.id, handoff_status(h, countries, closed, inactive), h.sender_id, h.recipient_id, h.needs, h.risk_profile,
        h.adults, h.children, h.placement, h.priority, h.country, h.destinations,
        h.documents_held, h.window_start, h.window_end, h.consent_purpose,
        h.consent_given_at, h.consent_expires_at, h.consent_by_caregiver,
        h.consent_withdrawn_at, h.acknowledged_at, h.acknowledge_by,
        h.decide_by, h.reason,
        o.handle, o.status, o.identity_thumbprint
      from handoff h join organisation o on o.id = h.sender_id
      where h.id = any (array(
        select i.id from (
            (select r.id from handoff r
              where r.recipient_id = viewer and r.id > least
                and r.status in ('REQUESTED', 'ACCEPTED', 'IN_PROGRESS', 'ON_HOLD') order by r.id)
            union all
            (select r.id from handoff r
              where r.recipient_id = viewer and r.id > least and not is_of_live
                and (r.status in ('REQUESTED', 'ACCEPTED', 'IN_PROGRESS', 'ON_HOLD')) is false order by r.id)
            union all
            (select c.handoff_id from handoff_candidate c
              where c.organisation_id = viewer and c.handoff_id > least and c.is_open and not c.is_over
              order by c.handoff_id)
            union all
            (select c.handoff_id from handoff_candidate c
              where c.organisation_id = viewer and c.handoff_id > least and c.is_open and c.is_over and not is_of_live
              order by c.handoff_id)
            order by id offset 0) i
          where in_statuses is null or (
            select handoff_status(r, countries, closed, inactive) from handoff r where r.id = i.id) = any (in_statuses)
          order by i.id limit in_limit))
      order by h.id;
end
$$;

reset role;
revoke create on schema public from wayhouse_keeper;

-- Whoever moves a handoff has it locked before its candidates.
create trigger an_end_ends_candidacies after update of status on handoff
  for each row when (new.recipient_id is null and (old.status = 'REQUESTED') <> (new.status = 'REQUESTED'))
  execute function end_candidacies();

-- True once its handoff has ended without a recipient: copied as is_open is. What is not copied is looked at, and told all the same.
alter table handoff_candidate add column is_over boolean not null default false;
grant update (is_over) on handoff_candidate to wayhouse_keeper;
set local role wayhouse_keeper;
update handoff_candidate c set is_over = true
  from handoff h where h.id = c.handoff_id and h.recipient_id is null and h.status <> 'REQUESTED';
reset role;

-- runs beside old processes although index: a network has some ten thousand candidates that nobody has come before, and an index of them is built in a moment.
create index handoff_candidate_waiting on handoff_candidate (organisation_id, is_over, handoff_id) include (sender_id)
  where is_open;
drop index handoff_candidate_open;
