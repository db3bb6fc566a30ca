-- runs beside old processes although index: the table has a row for each organisation, some hundred
-- The inbox as the API tells it, column by column, every row looked up by its key. A connection keeps the plan
-- that it makes first: it shall be the one for large tables.

create index organisation_inactive on organisation (id) where status <> 'ACTIVE';

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- As the one of three arguments, with what is closed to whom instead of where whom may all be: most are bound for
-- countries that are open to their people, and of those nobody is asked more.
create function handoff_status(in_handoff handoff, in_countries text[], in_closed text[], in_inactive uuid[])
  returns text language sql stable
  return handoff_status(in_handoff, case
    when in_handoff.destinations <@ in_countries and string_to_array(
      array_to_string(in_handoff.destinations, ' ' || in_handoff.risk_profile || ',')
        || ' ' || in_handoff.risk_profile, ',') <@ in_closed
    then in_handoff.destinations else '{}' end, in_inactive);

-- What was offered to the caller and what it accepted, in order of id, with the senders: whoever sees a handoff
-- sees both its sides. No more of each index than a page takes, unless the statuses asked for may leave any out.
create function list_inbox(in_statuses text[], in_after uuid, in_limit integer)
  returns table (
    id uuid, status text, sender_id uuid, recipient_id uuid, needs text[], risk_profile text,
    adults integer, children integer, placement text, priority text, country text, destinations text[],
    documents_held text[], window_start date, window_end date, consent_purpose text,
    consent_given_at timestamptz, consent_expires_at timestamptz, consent_by_caregiver boolean,
    consent_withdrawn_at timestamptz, acknowledged_at timestamptz, acknowledge_by timestamptz,
    decide_by timestamptz, reason text,
    sender_handle text, sender_status text, sender_thumbprint text
  )
  language plpgsql stable security definer rows 20 set search_path = public, pg_temp
  set enable_seqscan = off set enable_bitmapscan = off
as $$
#variable_conflict use_column
declare
  viewer uuid := viewer_organisation();
  least uuid := coalesce(in_after, '00000000-0000-0000-0000-000000000000');
  most integer := case when in_statuses is null then in_limit end;
  closed text[];
  countries text[];
  inactive uuid[];
  ids uuid[];
begin
  if viewer is null or not viewer_may('handoffs:read', 'handoffs:offer', 'handoffs:receive') then
    return;
  end if;
  closed := closed_to_profiles();
  countries := array(select split_part(c, ' ', 1) from unnest(closed) c);
  inactive := inactive_organisations();
  ids := array(
    (select r.id from handoff r where r.recipient_id = viewer and r.id > least order by r.id limit most)
    union all
    (select c.handoff_id from handoff_candidate c
      where c.organisation_id = viewer and c.is_open and c.handoff_id > least
      order by c.handoff_id limit most)
    order by 1 limit most);
  if in_statuses is not null then
    ids := array(
      select h.id from handoff h
        where h.id = any (ids) and handoff_status(h, countries, closed, inactive) = any (in_statuses)
        order by h.id limit in_limit);
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
      where h.id = any (ids)
      order by h.id;
end
$$;

grant execute on function list_inbox(text[], uuid, integer) to wayhouse_api;
reset role;
revoke create on schema public from wayhouse_keeper;
