-- And what others have offered: 14,400 live offers of one were read for what was accepted.

drop index handoff_live_by_recipient;
-- runs beside old processes although index: a network has some ten thousand handoffs of a month, which are read in a moment.
create index handoff_by_recipient_and_status
  on handoff (recipient_id, (status in ('REQUESTED', 'ACCEPTED', 'IN_PROGRESS', 'ON_HOLD')), id, status_letter(status));

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;
-- What stops handoffs is asked once, as closed_to_profiles() and inactive_organisations() tell it. A list of all, which is asked
-- for most, looks for no status.
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
  -- as which what is asked for may be stored
  stored text[] := in_statuses;
  letters "char"[];
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
  if in_statuses is null then
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
                where r.recipient_id = viewer and r.id > least
                  and (r.status in ('REQUESTED', 'ACCEPTED', 'IN_PROGRESS', 'ON_HOLD')) is false order by r.id)
              union all
              (select c.handoff_id from handoff_candidate c
                where c.organisation_id = viewer and c.handoff_id > least and c.is_open and not c.is_over
                order by c.handoff_id)
              union all
              (select c.handoff_id from handoff_candidate c
                where c.organisation_id = viewer and c.handoff_id > least and c.is_open and c.is_over
                order by c.handoff_id)
              order by id offset 0) i
            order by i.id limit in_limit))
        order by h.id;
    return;
  end if;
  if 'ON_HOLD' = any (in_statuses) and (closed <> '{}' or inactive <> '{}')
      or 'EXPIRED' = any (in_statuses) and (
        exists (select from handoff h where h.status = 'REQUESTED' and h.decide_by <= now())
        or exists (select from handoff h where h.status = 'ACCEPTED' and h.seal_by <= now())) then
    stored := stored || '{REQUESTED,ACCEPTED}';
  end if;
  letters := array(select status_letter(s) from unnest(stored) s);
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
              where r.recipient_id = viewer and r.id > least and status_letter(r.status) = any (letters)
                and stored && '{ACCEPTED,IN_PROGRESS,ON_HOLD}'
                and r.status in ('REQUESTED', 'ACCEPTED', 'IN_PROGRESS', 'ON_HOLD') order by r.id)
            union all
            (select r.id from handoff r
              where r.recipient_id = viewer and r.id > least and status_letter(r.status) = any (letters)
                and stored && '{COMPLETED,CANCELLED,FAILED,EXPIRED}'
                and (r.status in ('REQUESTED', 'ACCEPTED', 'IN_PROGRESS', 'ON_HOLD')) is false order by r.id)
            union all
            (select c.handoff_id from handoff_candidate c
              where c.organisation_id = viewer and c.handoff_id > least and c.is_open and not c.is_over
                and 'REQUESTED' = any (stored)
              order by c.handoff_id)
            union all
            (select c.handoff_id from handoff_candidate c
              where c.organisation_id = viewer and c.handoff_id > least and c.is_open and c.is_over
                and c.over_as = any (letters) and stored && '{REJECTED,CANCELLED,EXPIRED}'
              order by c.handoff_id)
            order by id offset 0) i
          where (
            select handoff_status(r, countries, closed, inactive) from handoff r where r.id = i.id) = any (in_statuses)
          order by i.id limit in_limit))
      order by h.id;
end
$$;
reset role;
revoke create on schema public from wayhouse_keeper;
