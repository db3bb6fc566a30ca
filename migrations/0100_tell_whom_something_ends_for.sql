-- An event was read by whoever sees its subject: who was passed over by another candidate, whose grant was revoked and
-- who left a circle saw it no more, and so was never told that it is over. And whoever had a bed somewhere once heard of
-- every change of that house until its hold was purged.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- Each candidate hears that its candidacy is over; the recipient knows, and who dropped out has ended it itself.
create or replace function close_candidacies() returns trigger
  language plpgsql security definer set search_path = public, pg_temp
as $$
begin
  with closed as (
    update handoff_candidate c set is_open = false where c.handoff_id = new.id and c.is_open
      returning c.organisation_id, c.dropped_out)
  insert into event (kind, subject_type, subject_id, owner_id, party_id)
    select 'HANDOFF_CHANGED', 'Handoff', new.id, new.sender_id, c.organisation_id
      from closed c where not c.dropped_out and c.organisation_id <> new.recipient_id
      order by c.organisation_id;
  return null;
end
$$;

-- Where the viewer has beds now.
create function viewer_present_stays() returns setof uuid
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select distinct s.shelter_id
    from bed_stay s join bed_hold h on h.id = s.hold_id
    where s.holder_id = viewer_organisation() and viewer_may('beds:hold')
      and hold_status(h.status, h.expires_at, h.ends_on) in ('HELD', 'CONFIRMED');
end;

-- As before, with a row for each whom a grant to a circle reached.
create or replace function revoke_every_grant_of(in_organisation uuid) returns setof sharing_grant
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  ending uuid[];
  grants uuid[];
  reached uuid[];
begin
  if not (in_organisation is not distinct from viewer_organisation() and viewer_may('clients:manage')
          or viewer_may('network:admin')) then
    raise insufficient_privilege using message = 'not the caller''s to revoke';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('standing:' || in_organisation, 0));
  -- Grants before what they reach, in one order: as whoever revokes one of them, or takes a member out of its circle.
  ending := array(
    select g.id from sharing_grant g
      where g.id in (
        select g.id from sharing_grant g
          where (g.owner_id = in_organisation or g.organisation_id = in_organisation) and g.revoked_at is null
        union
        select r.grant_id from sharing_reach r
          where r.owner_id = in_organisation or r.organisation_id = in_organisation)
      order by g.id for no key update of g);
  with ended as (
    delete from sharing_reach r
      where r.grant_id = any (ending) and (r.owner_id = in_organisation or r.organisation_id = in_organisation)
      returning r.grant_id, r.organisation_id, r.circle_id)
  select coalesce(array_agg(e.grant_id), '{}'), array_agg(e.organisation_id) into grants, reached
    from (select distinct e.grant_id, e.organisation_id from ended e where e.circle_id is not null) e;
  return query
    with revoked as (
      update sharing_grant g set revoked_at = now()
        where g.id = any (ending) and (g.owner_id = in_organisation or g.organisation_id = in_organisation)
          and g.revoked_at is null
        returning g.*)
    select r.* from revoked r where r.id <> all (grants);
  return query
    select g.id, g.owner_id, e.other, g.circle_id, g.scopes, g.countries, g.valid_from, g.valid_until,
        g.revoked_at
      from unnest(grants, reached) e (id, other) join sharing_grant g on g.id = e.id;
end
$$;

grant execute on function viewer_present_stays() to wayhouse_api;
reset role;
revoke create on schema public from wayhouse_keeper;

alter policy seen_with_its_subject on event using (
  case subject_type
    when 'Handoff' then (select viewer_organisation()) in (owner_id, party_id)
      and (exists (select from handoff h where h.id = subject_id)
        or exists (select from handoff_candidate c where c.handoff_id = subject_id))
    when 'BedHold' then (select viewer_organisation()) in (owner_id, party_id)
      and exists (select from bed_hold h where h.id = subject_id)
    when 'SharingGrant' then (select viewer_organisation()) in (owner_id, party_id)
      and (select viewer_may('sharing:manage'))
    when 'Client' then owner_id = (select viewer_organisation())
      and exists (select from client c where c.id = subject_id)
    when 'Circle' then owner_id = (select viewer_organisation())
      and (select viewer_may('organisations:read'))
    when 'Shelter' then exists (
      select from shelter s
        where s.id = subject_id and (
          s.owner_id = (select viewer_organisation())
          or s.owner_id = any (array(select viewer_reach_everywhere('beds:read', 'beds:hold')))
          or (s.owner_id, s.country) in (
            select r.owner_id, r.country from viewer_reach_by_country('beds:read', 'beds:hold') r)
          or s.id = any (array(select viewer_present_stays()))))
    when 'ConsulateContact' then
      case kind
        when 'CONSULATE_CHANGED' then party_id is null or (select viewer_organisation()) in (owner_id, party_id)
        when 'REVEAL_WANTED' then owner_id = (select viewer_organisation()) and (select viewer_may('consulates:manage'))
        else (select viewer_organisation()) in (owner_id, party_id)
      end and exists (select from consulate_contact c where c.id = subject_id)
    when 'Advisory' then (select viewer_may('advisories:read'))
      and exists (select from advisory a where a.id = subject_id)
    when 'Organisation' then (select viewer_may('organisations:read'))
      and (party_id is null or (select viewer_organisation()) in (owner_id, party_id))
      and exists (select from organisation o where o.id = subject_id)
    else false
  end);
