-- What once tied two organisations for good, so that nobody reads a whole history to know who may know
-- of whom: an introduction, a grant given, a hold, a handoff offered or accepted.
create table acquaintance (
  organisation_id uuid not null
    constraint an_acquaintance_is_of_an_organisation references organisation on delete cascade,
  other_id uuid not null
    constraint an_acquaintance_is_with_an_organisation references organisation on delete cascade,
  primary key (organisation_id, other_id)
);
alter table acquaintance enable row level security;
alter table acquaintance force row level security;
create policy keeper on acquaintance to wayhouse_keeper using (true) with check (true);
grant select, insert, delete on acquaintance to wayhouse_keeper;

-- False once the handoff has a recipient: copied, so that a candidate's rows need no look at their handoffs.
alter table handoff_candidate add column is_open boolean not null default true;
grant update (is_open) on handoff_candidate to wayhouse_keeper;
-- runs beside old processes although index: a network has some thousands of candidates, and an index of them is built in milliseconds.
create index handoff_candidate_open on handoff_candidate (organisation_id, handoff_id) include (sender_id)
  where is_open;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- Arguments: the columns that name the two, and whether the second learns of the first as well.
create function note_acquaintance() returns trigger
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  one uuid := (to_jsonb(new) ->> tg_argv[0])::uuid;
  other uuid := (to_jsonb(new) ->> tg_argv[1])::uuid;
begin
  if one <> other then
    insert into acquaintance values (one, other) on conflict do nothing;
    if tg_argv[2] = 'both' then
      insert into acquaintance values (other, one) on conflict do nothing;
    end if;
  end if;
  return null;
end
$$;

-- What lasts as long as the rows that it stands in, and is forgotten with the last of them.
create function lasting_ties_of(in_organisation uuid) returns setof uuid
  language sql stable
begin atomic
  select i.introduced_id from introduction i where i.organisation_id = in_organisation
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
  select c.organisation_id from handoff_candidate c where c.sender_id = in_organisation;
end;

create function forget_acquaintance() returns trigger
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  one uuid := (to_jsonb(old) ->> tg_argv[0])::uuid;
  other uuid := (to_jsonb(old) ->> tg_argv[1])::uuid;
begin
  delete from acquaintance a
    where (a.organisation_id = one and a.other_id = other or a.organisation_id = other and a.other_id = one)
      and not exists (select from lasting_ties_of(a.organisation_id) k where k = a.other_id);
  return null;
end
$$;

create function close_candidacies() returns trigger
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
begin
  update handoff_candidate c set is_open = false where c.handoff_id = new.id and c.is_open;
  return null;
end
$$;
do $$
begin
  execute format('grant execute on function note_acquaintance(), forget_acquaintance(), close_candidacies() to %I', session_user);
end
$$;

-- Without a search path of its own the planner sees into it, and looks up a single one by its key.
create or replace function acquaintances_of(in_organisation uuid) returns setof uuid
  language sql stable
begin atomic
  select a.other_id from acquaintance a where a.organisation_id = in_organisation
  union
  select other.organisation_id
    from circle_member mine join circle_member other using (circle_id)
    where mine.organisation_id = in_organisation
  union
  select r.owner_id from sharing_reach r
    where r.organisation_id = in_organisation and (r.valid_until is null or r.valid_until > now())
  union
  select r.organisation_id from sharing_reach r where r.owner_id = in_organisation
  union
  select c.sender_id from handoff_candidate c where c.organisation_id = in_organisation and c.is_open;
end;

-- Advisories in force are few: they are asked first, and then whose they are.
create or replace function is_blocked(
  in_destinations text[], in_risk_profile text, in_sender uuid, in_recipient uuid
) returns boolean
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select not exists (
    select from unnest(in_destinations) d
      where not exists (
        select from advisory a
          where a.country = d and in_risk_profile = any (a.risk_profiles) and advisory_in_force(a)
            and (a.issuer_id in (in_sender, in_recipient)
              or exists (select from acquaintances_of(in_sender) k where k = a.issuer_id)
              or exists (select from acquaintances_of(in_recipient) k where k = a.issuer_id))));
end;

-- What stops handoffs anywhere: countries with an advisory in force, organisations that are not active.
-- Asked once a statement, so that most handoffs need no question of their own.
create function closed_countries() returns text[]
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select coalesce(array_agg(distinct a.country), '{}') from advisory a
    where a.expires_at > now() and a.id in (select c.advisory_id from advisory_confirmation c)
      and advisory_in_force(a);
end;
create function inactive_organisations() returns uuid[]
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select coalesce(array_agg(o.id), '{}') from organisation o where o.status <> 'ACTIVE';
end;

-- What a handoff is at this moment, given those two.
create function handoff_status(in_handoff handoff, in_closed text[], in_inactive uuid[]) returns text
  language sql stable
  return case
    when in_handoff.status = 'REQUESTED' and in_handoff.decide_by <= now() then 'EXPIRED'
    when in_handoff.status = 'ACCEPTED' and in_handoff.seal_by <= now() then 'EXPIRED'
    when in_handoff.status = 'REQUESTED' and in_handoff.sender_id = any (in_inactive) then 'ON_HOLD'
    when in_handoff.status in ('REQUESTED', 'ACCEPTED') and in_handoff.destinations <@ in_closed
      and is_blocked(in_handoff.destinations, in_handoff.risk_profile, in_handoff.sender_id,
        in_handoff.recipient_id) then 'ON_HOLD'
    else in_handoff.status end;
create or replace function handoff_status(in_handoff handoff) returns text
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select handoff_status(in_handoff, closed_countries(), inactive_organisations());
end;
grant execute on function
    closed_countries(), inactive_organisations(), handoff_status(handoff, text[], uuid[])
  to wayhouse_api;

-- Each condition by its own index; only where every destination is closed is it asked for whom. What is
-- locked meanwhile is passed by, what changed meanwhile is looked at again.
create or replace function settle_handoffs(in_limit integer) returns integer
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  due handoff;
  became text;
  settled integer := 0;
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
    perform lock_chains(array[due.sender_id, due.recipient_id]);
    perform append_audit(chain, chain, null, due.sender_id,
        case when became = 'EXPIRED' then 'expireHandoff' else 'holdHandoff' end, 'handoffs:read', 'Handoff', due.id)
      from (select distinct unnest(array_remove(array[due.sender_id, due.recipient_id], null)) as chain order by 1) chains;
    settled := settled + 1;
  end loop;
  return settled;
end
$$;

reset role;
revoke create on schema public from wayhouse_keeper;

drop policy seen_by_its_two_sides_and_until_accepted_by_candidates on handoff;
create policy seen_by_its_two_sides_and_until_accepted_by_candidates on handoff for select to wayhouse_api using (
  (select viewer_may('handoffs:read', 'handoffs:offer', 'handoffs:receive')) and (
    sender_id = (select viewer_organisation()) or recipient_id = (select viewer_organisation())
    or recipient_id is null and exists (
      select from handoff_candidate c
        where c.handoff_id = handoff.id and c.organisation_id = (select viewer_organisation()))));

create trigger an_introduction_makes_acquaintance after insert on introduction
  for each row execute function note_acquaintance('organisation_id', 'introduced_id');
create trigger a_grant_makes_acquaintance after insert on sharing_grant
  for each row when (new.organisation_id is not null)
  execute function note_acquaintance('owner_id', 'organisation_id');
create trigger a_hold_makes_acquaintance after insert on bed_hold
  for each row execute function note_acquaintance('holder_id', 'host_id', 'both');
create trigger an_offer_makes_acquaintance after insert on handoff_candidate
  for each row execute function note_acquaintance('sender_id', 'organisation_id');
create trigger an_acceptance_makes_acquaintance after insert or update of recipient_id on handoff
  for each row when (new.recipient_id is not null)
  execute function note_acquaintance('sender_id', 'recipient_id', 'both');
create trigger an_acceptance_closes_candidacies after update of recipient_id on handoff
  for each row when (new.recipient_id is not null) execute function close_candidacies();
create trigger an_acquaintance_ends_with_its_introduction after delete on introduction
  for each row execute function forget_acquaintance('organisation_id', 'introduced_id');
create trigger an_acquaintance_ends_with_its_grant after delete on sharing_grant
  for each row execute function forget_acquaintance('owner_id', 'organisation_id');
create trigger an_acquaintance_ends_with_its_hold after delete on bed_hold
  for each row execute function forget_acquaintance('holder_id', 'host_id');
create trigger an_acquaintance_ends_with_its_offer after delete on handoff_candidate
  for each row execute function forget_acquaintance('sender_id', 'organisation_id');
create trigger an_acquaintance_ends_with_its_handoff after delete on handoff
  for each row execute function forget_acquaintance('sender_id', 'recipient_id');

set local role wayhouse_keeper;
insert into acquaintance
  select o.id, k from organisation o cross join lateral lasting_ties_of(o.id) k where k <> o.id;
update handoff_candidate c set is_open = false
  from handoff h where h.id = c.handoff_id and h.recipient_id is not null;
reset role;

insert into retention values
  ('acquaintance', null, 'goes with the last row that ties the two: an introduction, a grant, a hold, a handoff');
