-- What the clock takes away is closed before it comes by, and an entry says by what right something was done.

-- For as long as beds are held or taken: gone with the hold, job or no job.
alter policy opened_by_the_holder on bed_hold_instruction using (
  holder_id = (select viewer_organisation()) and (select viewer_may('beds:hold'))
  and exists (
    select from bed_hold h
      where h.id = hold_id and hold_status(h.status, h.expires_at, h.ends_on) in ('HELD', 'CONFIRMED')));

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- Whoever has a key that was retired may have come by it otherwise.
create function is_sealed_to_active_key(in_envelope consulate_envelope) returns boolean
  language sql stable set search_path = public, pg_temp
begin atomic
  select exists (
    select from organisation_key k
      where k.organisation_id = in_envelope.recipient_id and k.kid = envelope_kid(in_envelope.envelope)
        and k.use = 'SEAL' and k.retired_at is null);
end;

create or replace function reveal_contact(
    in_contact uuid, in_purpose text, in_per_client integer, in_per_organisation integer, in_window interval
  ) returns table (owner_id uuid, envelope text, wait_seconds integer)
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  the_contact consulate_contact;
  since timestamptz := clock_timestamp() - in_window;
  frees_at timestamptz;
begin
  select c.* into the_contact from consulate_contact c where c.id = in_contact;
  if the_contact.id is null or not viewer_may('consulates:reveal')
    or the_contact.owner_id = viewer_organisation()
    or not exists (
      select from viewer_reach('consulates:reveal') r
        where r.owner_id = the_contact.owner_id and (r.country is null or r.country = the_contact.country))
  then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('reveal:' || viewer_organisation(), 0));
  select greatest(
      (select r.at from consulate_reveal r
        where r.organisation_id = viewer_organisation() and r.at > since
        order by r.at desc offset in_per_organisation - 1 limit 1),
      (select r.at from consulate_reveal r
        where r.organisation_id = viewer_organisation() and r.client_id = viewer_client() and r.at > since
        order by r.at desc offset in_per_client - 1 limit 1))
    into frees_at;
  owner_id := the_contact.owner_id;
  if frees_at is not null then
    wait_seconds := greatest(1, ceil(extract(epoch from frees_at + in_window - clock_timestamp())));
    return next;
    return;
  end if;
  insert into consulate_reveal (organisation_id, client_id, contact_id, purpose)
    values (viewer_organisation(), viewer_client(), in_contact, in_purpose);
  select e.envelope into envelope from consulate_envelope e
    where e.contact_id = in_contact and e.recipient_id = viewer_organisation() and is_sealed_to_active_key(e);
  return next;
end
$$;

create or replace function revealed_envelope(in_contact uuid, in_window interval) returns text
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select e.envelope from consulate_envelope e join consulate_contact c on c.id = e.contact_id
    where e.contact_id = in_contact and e.recipient_id = viewer_organisation() and is_sealed_to_active_key(e)
      and exists (
        select from viewer_reach('consulates:reveal') r
          where r.owner_id = c.owner_id and (r.country is null or r.country = c.country))
      and exists (
        select from consulate_reveal v
          where v.contact_id = in_contact and v.client_id = viewer_client()
            and v.organisation_id = viewer_organisation() and v.at > now() - in_window);
end;

-- An organisation that locks itself down does so with a right of its own, not as the network does.
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
  perform append_audit(chain, viewer_organisation(), null, h.sender_id, 'suspendHandoff',
      case when in_organisation = viewer_organisation() then 'clients:manage' else 'network:admin' end, 'Handoff', h.id)
    from unnest(stopped) h cross join lateral unnest(array[h.sender_id, h.recipient_id]) chain
    order by h.id, chain;
end
$$;

reset role;
revoke create on schema public from wayhouse_keeper;
