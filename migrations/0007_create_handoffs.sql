-- Responsibility for a case moves from one organisation to another. Coded facts only.
create table handoff (
  id uuid primary key,
  sender_id uuid not null
    constraint a_handoff_is_offered_by_a_sender references organisation on delete restrict,
  recipient_id uuid
    constraint a_handoff_is_accepted_by_a_recipient references organisation on delete restrict,
  status text not null default 'REQUESTED'
    constraint a_handoff_is_in_a_known_state check (status in ('REQUESTED', 'ACCEPTED', 'IN_PROGRESS',
      'ON_HOLD', 'COMPLETED', 'REJECTED', 'CANCELLED', 'FAILED', 'EXPIRED')),
  -- where an ON_HOLD goes back to
  held_from text
    constraint a_handoff_is_held_from_where_it_can_go_back check (held_from in ('ACCEPTED', 'IN_PROGRESS')),
  needs text[] not null
    constraint a_handoff_names_needs check (cardinality(needs) > 0),
  risk_profile text not null,
  adults integer not null,
  children integer not null,
  placement text not null
    constraint a_party_stays_together_or_apart check (placement in ('TOGETHER', 'APART')),
  priority text not null
    constraint a_handoff_has_a_known_priority check (priority in ('EMERGENCY', 'URGENT', 'ROUTINE')),
  country text not null,
  destinations text[] not null
    constraint a_handoff_names_destinations check (cardinality(destinations) > 0),
  documents_held text[] not null,
  window_start date not null,
  window_end date not null,
  consent_purpose text not null,
  consent_given_at timestamptz not null,
  consent_expires_at timestamptz not null,
  consent_by_caregiver boolean not null,
  consent_withdrawn_at timestamptz,
  acknowledged_at timestamptz,
  acknowledge_by timestamptz not null,
  decide_by timestamptz not null,
  -- accepted and no envelope yet: it expires then
  seal_by timestamptz,
  reason text,
  constraint a_party_is_somebody check (adults >= 0 and children >= 0 and adults + children between 1 and 50),
  constraint a_window_ends_after_it_begins check (window_end > window_start),
  constraint who_decided_is_a_recipient
    check (recipient_id is not null or status in ('REQUESTED', 'REJECTED', 'CANCELLED', 'EXPIRED')),
  constraint nobody_hands_over_to_itself check (recipient_id <> sender_id),
  constraint what_is_on_hold_can_go_back check ((status = 'ON_HOLD') = (held_from is not null)),
  constraint a_handoff_has_one_sender unique (id, sender_id)
);
create index handoff_by_sender on handoff (sender_id, id);
create index handoff_by_recipient on handoff (recipient_id, id);
create index handoff_to_decide on handoff (decide_by) where status = 'REQUESTED';
create index handoff_to_seal on handoff (seal_by) where status = 'ACCEPTED';

-- Whom it was offered to. None of them sees another.
create table handoff_candidate (
  handoff_id uuid not null,
  sender_id uuid not null,
  organisation_id uuid not null
    constraint a_candidate_is_an_organisation references organisation on delete cascade,
  dropped_out boolean not null default false,
  primary key (handoff_id, organisation_id),
  constraint a_candidate_is_of_a_handoff foreign key (handoff_id, sender_id)
    references handoff (id, sender_id) on delete cascade,
  constraint nobody_is_offered_its_own_handoff check (organisation_id <> sender_id)
);
create index handoff_candidate_by_organisation on handoff_candidate (organisation_id, handoff_id);

-- Each side's own reference stands apart: neither reads the other's.
create table handoff_reference (
  handoff_id uuid not null
    constraint a_reference_is_of_a_handed_over_case references handoff on delete cascade,
  organisation_id uuid not null
    constraint a_reference_is_of_its_writer references organisation on delete cascade,
  case_reference uuid not null,
  primary key (handoff_id, organisation_id)
);
create index handoff_reference_by_case on handoff_reference (organisation_id, case_reference);

-- The case file, sealed to the recipient; gone on receipt and with every end.
create table handoff_envelope (
  handoff_id uuid primary key
    constraint an_envelope_is_of_a_handoff references handoff on delete cascade,
  recipient_id uuid not null
    constraint an_envelope_is_sealed_to_a_recipient references organisation on delete cascade,
  envelope text not null
);

-- Times are rounded to the hour: to the minute they would show a group moving.
create table handoff_transition (
  handoff_id uuid not null,
  position smallint not null,
  sender_id uuid not null,
  status text not null,
  party text not null
    constraint a_transition_is_by_a_known_party check (party in ('SENDER', 'RECIPIENT', 'CLOCK', 'NETWORK')),
  at timestamptz not null default date_trunc('hour', now()),
  primary key (handoff_id, position),
  constraint a_transition_is_of_a_handoff foreign key (handoff_id, sender_id)
    references handoff (id, sender_id) on delete cascade
);

alter table handoff enable row level security;
alter table handoff force row level security;
alter table handoff_candidate enable row level security;
alter table handoff_candidate force row level security;
alter table handoff_reference enable row level security;
alter table handoff_reference force row level security;
alter table handoff_envelope enable row level security;
alter table handoff_envelope force row level security;
alter table handoff_transition enable row level security;
alter table handoff_transition force row level security;

create policy keeper on handoff to wayhouse_keeper using (true) with check (true);
create policy keeper on handoff_candidate to wayhouse_keeper using (true) with check (true);
create policy keeper on handoff_reference to wayhouse_keeper using (true) with check (true);
create policy keeper on handoff_envelope to wayhouse_keeper using (true) with check (true);
create policy keeper on handoff_transition to wayhouse_keeper using (true) with check (true);
grant select, update (status, held_from, seal_by, reason) on handoff to wayhouse_keeper;
grant select on handoff_candidate, handoff_reference to wayhouse_keeper;
grant select, delete on handoff_envelope to wayhouse_keeper;
grant select, insert on handoff_transition to wayhouse_keeper;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- Whom an organisation may know of, besides itself: what ties two organisations together.
create function acquaintances_of(in_organisation uuid) returns setof uuid
  language sql stable set search_path = public, pg_temp
begin atomic
  select other.organisation_id
    from circle_member mine join circle_member other using (circle_id)
    where mine.organisation_id = in_organisation
  union
  select i.introduced_id from introduction i where i.organisation_id = in_organisation
  union
  select r.owner_id from sharing_reach r
    where r.organisation_id = in_organisation and (r.valid_until is null or r.valid_until > now())
  union
  select r.organisation_id from sharing_reach r where r.owner_id = in_organisation
  union
  -- an owner's own record of whom it once gave what
  select g.organisation_id from sharing_grant g
    where g.owner_id = in_organisation and g.organisation_id is not null
  union
  select h.host_id from bed_hold h where h.holder_id = in_organisation
  union
  select h.holder_id from bed_hold h where h.host_id = in_organisation
  union
  select h.recipient_id from handoff h where h.sender_id = in_organisation and h.recipient_id is not null
  union
  select h.sender_id from handoff h where h.recipient_id = in_organisation
  union
  select c.sender_id from handoff_candidate c join handoff h on h.id = c.handoff_id
    where c.organisation_id = in_organisation and h.recipient_id is null
  union
  select c.organisation_id from handoff_candidate c where c.sender_id = in_organisation;
end;

create or replace function viewer_acquaintances() returns setof uuid
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select a from acquaintances_of(viewer_organisation()) a;
end;

-- Whether every destination is closed to this profile by an advisory in force whose issuer one of the
-- two sides may know.
create function is_blocked(in_destinations text[], in_risk_profile text, in_sender uuid, in_recipient uuid)
  returns boolean
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select not exists (
    select from unnest(in_destinations) d
      where not exists (
        select from advisory a
          where a.country = d and in_risk_profile = any (a.risk_profiles) and advisory_in_force(a)
            and (a.issuer_id in (in_sender, in_recipient)
              or a.issuer_id in (select acquaintances_of(in_sender))
              or a.issuer_id in (select acquaintances_of(in_recipient)))));
end;

-- What a handoff is at this moment, whether or not the clock has tidied it.
create function handoff_status(in_handoff handoff) returns text
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select case
    when in_handoff.status = 'REQUESTED' and in_handoff.decide_by <= now() then 'EXPIRED'
    when in_handoff.status = 'ACCEPTED' and in_handoff.seal_by <= now() then 'EXPIRED'
    when in_handoff.status = 'REQUESTED'
      and (select o.status from organisation o where o.id = in_handoff.sender_id) <> 'ACTIVE' then 'ON_HOLD'
    when in_handoff.status in ('REQUESTED', 'ACCEPTED') and is_blocked(in_handoff.destinations,
      in_handoff.risk_profile, in_handoff.sender_id, in_handoff.recipient_id) then 'ON_HOLD'
    else in_handoff.status end;
end;

-- Locks a handoff that is or was the caller's: as what, and what it is at this moment. No row for
-- anyone else.
create function lock_handoff(in_handoff uuid) returns table (
  viewed_as text, status text, held_from text, sender_id uuid, recipient_id uuid, priority text,
  risk_profile text, destinations text[], is_sealed boolean, is_blocked boolean, has_consent boolean)
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  the_handoff handoff;
  is_out boolean;
begin
  select h.* into the_handoff from handoff h where h.id = in_handoff for update;
  select c.dropped_out into is_out from handoff_candidate c
    where c.handoff_id = in_handoff and c.organisation_id = viewer_organisation();
  viewed_as := case
    when the_handoff.sender_id = viewer_organisation() then 'SENDER'
    when the_handoff.recipient_id = viewer_organisation() then 'RECIPIENT'
    when is_out and the_handoff.recipient_id is null then 'OUT'
    when not is_out and the_handoff.recipient_id is null then 'CANDIDATE'
    when not is_out then 'PASSED_OVER' end;
  if viewed_as is null or not viewer_may('handoffs:read', 'handoffs:offer', 'handoffs:receive') then
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

-- Candidates of a handoff still in the running, for its sender and for each of them: who they are only
-- the sender is told.
create function open_candidates(in_handoff uuid) returns integer
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select count(*)::integer from handoff_candidate c where c.handoff_id = in_handoff and not c.dropped_out;
end;

-- Gone for good; the sender may destroy what it cannot read.
create function destroy_envelope(in_handoff uuid) returns void
  language sql volatile security definer set search_path = public, pg_temp
begin atomic
  delete from handoff_envelope e using handoff h
    where e.handoff_id = in_handoff and h.id = in_handoff
      and viewer_organisation() in (h.sender_id, h.recipient_id)
      and viewer_may('handoffs:offer', 'handoffs:receive');
end;

-- Ends or stops handoffs from outside of their two sides: the clock and the network.
create function settle_handoff(in_handoff handoff, in_status text, in_party text, in_reason text) returns void
  language plpgsql volatile set search_path = public, pg_temp
as $$
begin
  delete from handoff_envelope e where e.handoff_id = in_handoff.id
    and (in_status <> 'ON_HOLD' or in_reason = 'ORGANISATION_SUSPENDED');
  update handoff h set status = in_status, reason = coalesce(in_reason, h.reason),
      held_from = case when in_status = 'ON_HOLD' then h.status end,
      seal_by = case when in_status = 'ON_HOLD' and h.status = 'ACCEPTED' then h.seal_by end
    where h.id = in_handoff.id;
  insert into handoff_transition (handoff_id, position, sender_id, status, party)
    select in_handoff.id, count(*) + 1, in_handoff.sender_id, in_status, in_party
    from handoff_transition t where t.handoff_id = in_handoff.id;
  insert into event (kind, subject_type, subject_id, owner_id, party_id)
    select 'HANDOFF_CHANGED', 'Handoff', in_handoff.id, in_handoff.sender_id, other
    from (
      select in_handoff.recipient_id as other where in_handoff.recipient_id is not null
      union select c.organisation_id from handoff_candidate c
        where c.handoff_id = in_handoff.id and in_handoff.recipient_id is null) others;
end
$$;

-- The clock's edges, and those of advisories that came into force: passes by what is locked.
create function settle_handoffs(in_limit integer) returns integer
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  due handoff;
  became text;
  settled integer := 0;
begin
  for due in
    select h.* from handoff h
      where h.status = 'REQUESTED' and h.decide_by <= now()
        or h.status = 'ACCEPTED' and (h.seal_by <= now()
          or is_blocked(h.destinations, h.risk_profile, h.sender_id, h.recipient_id))
      order by h.id limit in_limit for update skip locked
  loop
    became := handoff_status(due);
    perform settle_handoff(due, became, case when became = 'EXPIRED' then 'CLOCK' else 'NETWORK' end,
      case when became = 'EXPIRED' then 'NO_ANSWER' else 'UNSAFE_COUNTRY' end);
    perform lock_chains(array[due.sender_id, due.recipient_id]);
    perform append_audit(chain, chain, null, due.sender_id,
        case when became = 'EXPIRED' then 'expireHandoff' else 'holdHandoff' end, 'handoffs:read', 'Handoff', due.id)
      from (select distinct unnest(array_remove(array[due.sender_id, due.recipient_id], null)) as chain order by 1) chains;
    settled := settled + 1;
  end loop;
  return settled;
end
$$;

-- Suspension or lock-down: live handoffs of the organisation stop, their envelopes are gone, the other
-- side is told; what is REQUESTED waits by itself while its sender is out.
create function suspend_handoffs_of(in_organisation uuid) returns void
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  live handoff;
  stopped handoff[] := '{}';
begin
  if not (in_organisation is not distinct from viewer_organisation() and viewer_may('clients:manage')
          or viewer_may('network:admin')) then
    raise insufficient_privilege using message = 'not the caller''s to suspend';
  end if;
  for live in
    select h.* from handoff h
      where h.status in ('ACCEPTED', 'IN_PROGRESS') and in_organisation in (h.sender_id, h.recipient_id)
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

grant execute on function
    is_blocked(text[], text, uuid, uuid), handoff_status(handoff), lock_handoff(uuid),
    open_candidates(uuid), destroy_envelope(uuid), settle_handoffs(integer), suspend_handoffs_of(uuid)
  to wayhouse_api;
reset role;
revoke create on schema public from wayhouse_keeper;

create policy seen_by_its_two_sides_and_until_accepted_by_candidates on handoff for select to wayhouse_api using (
  (select viewer_may('handoffs:read', 'handoffs:offer', 'handoffs:receive')) and (
    sender_id = (select viewer_organisation()) or recipient_id = (select viewer_organisation())
    or recipient_id is null and id = any (array(
      select c.handoff_id from handoff_candidate c
        where c.organisation_id = (select viewer_organisation())))));
create policy offered_by_its_sender on handoff for insert to wayhouse_api
  with check (sender_id = (select viewer_organisation()) and (select viewer_may('handoffs:offer')));
create policy moved_by_its_two_sides_and_open_candidates on handoff for update to wayhouse_api using (
  sender_id = (select viewer_organisation()) and (select viewer_may('handoffs:offer'))
  or (select viewer_may('handoffs:receive')) and (
    recipient_id = (select viewer_organisation())
    or recipient_id is null and id = any (array(
      select c.handoff_id from handoff_candidate c
        where c.organisation_id = (select viewer_organisation()) and not c.dropped_out))));

create policy seen_by_its_sender_and_itself on handoff_candidate for select to wayhouse_api using (
  (select viewer_may('handoffs:read', 'handoffs:offer', 'handoffs:receive'))
  and (sender_id = (select viewer_organisation()) or organisation_id = (select viewer_organisation())));
create policy named_by_the_sender on handoff_candidate for insert to wayhouse_api
  with check (sender_id = (select viewer_organisation()) and (select viewer_may('handoffs:offer')));
create policy dropped_by_itself on handoff_candidate for update to wayhouse_api
  using (organisation_id = (select viewer_organisation()) and (select viewer_may('handoffs:receive')));

create policy own on handoff_reference to wayhouse_api
  using (organisation_id = (select viewer_organisation())
    and (select viewer_may('handoffs:read', 'handoffs:offer', 'handoffs:receive')))
  with check (organisation_id = (select viewer_organisation()));

create policy opened_by_its_recipient on handoff_envelope for select to wayhouse_api
  using (recipient_id = (select viewer_organisation()) and (select viewer_may('handoffs:receive')));
create policy sealed_by_the_sender on handoff_envelope for insert to wayhouse_api
  with check ((select viewer_may('handoffs:offer')) and exists (
    select from handoff h where h.id = handoff_id and h.sender_id = (select viewer_organisation())
      and h.recipient_id = handoff_envelope.recipient_id));
create policy seen_with_its_handoff on handoff_transition for select to wayhouse_api
  using (handoff_id in (select h.id from handoff h where h.id = handoff_id));
create policy written_with_its_handoff on handoff_transition for insert to wayhouse_api
  with check (handoff_id in (select h.id from handoff h where h.id = handoff_id));

grant select, insert, update (status, recipient_id, held_from, acknowledged_at, seal_by, reason, consent_withdrawn_at)
  on handoff to wayhouse_api;
grant select, insert, update (dropped_out) on handoff_candidate to wayhouse_api;
grant select, insert on handoff_reference, handoff_transition to wayhouse_api;
grant select, insert on handoff_envelope to wayhouse_api;
