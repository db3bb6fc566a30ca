-- A warning about a country. It binds those who may know its issuer, once a second organisation has
-- confirmed it, until it lapses.
create table advisory (
  id uuid primary key default gen_random_uuid(),
  issuer_id uuid not null
    constraint an_advisory_is_issued_by_an_organisation references organisation on delete restrict,
  country text not null
    constraint an_advisory_is_about_a_country check (country ~ '^[A-Z]{2}$'),
  risk_profiles text[] not null
    constraint an_advisory_concerns_risk_profiles check (cardinality(risk_profiles) > 0
      and risk_profiles <@ '{POLITICAL,CONSCIENTIOUS_OBJECTOR,DESERTER,JOURNALIST,RELATIVE,OTHER}'),
  level text not null
    constraint an_advisory_has_a_known_level check (level in ('CAUTION', 'AVOID', 'NO_NEW_ARRIVALS')),
  hazards text[] not null
    constraint an_advisory_names_hazards check (cardinality(hazards) > 0),
  effective_from timestamptz not null default now(),
  expires_at timestamptz not null
    constraint an_advisory_always_expires
    check (expires_at > effective_from and expires_at <= effective_from + interval '180 days'),
  withdrawn_at timestamptz,
  constraint an_advisory_has_one_issuer unique (id, issuer_id)
);
create index advisory_by_country on advisory (country, expires_at);
create index advisory_by_issuer on advisory (issuer_id);

create table advisory_confirmation (
  advisory_id uuid not null,
  issuer_id uuid not null,
  organisation_id uuid not null
    constraint a_confirmation_is_by_an_organisation references organisation on delete cascade,
  primary key (advisory_id, organisation_id),
  constraint a_confirmation_is_of_an_advisory foreign key (advisory_id, issuer_id)
    references advisory (id, issuer_id) on delete cascade,
  constraint nobody_confirms_its_own_advisory check (organisation_id <> issuer_id)
);

alter table advisory enable row level security;
alter table advisory force row level security;
alter table advisory_confirmation enable row level security;
alter table advisory_confirmation force row level security;

create policy keeper on advisory to wayhouse_keeper using (true) with check (true);
create policy keeper on advisory_confirmation to wayhouse_keeper using (true) with check (true);
grant select on advisory, advisory_confirmation to wayhouse_keeper;

-- No scope here: what binds a caller it can always be shown. The list of all asks for advisories:read.
create policy seen_by_those_who_may_know_its_issuer on advisory for select to wayhouse_api using (
  issuer_id = (select viewer_organisation()) or issuer_id = any (array(select viewer_acquaintances())));
create policy issued_by_its_issuer on advisory for insert to wayhouse_api
  with check (issuer_id = (select viewer_organisation()) and (select viewer_may('advisories:publish')));
-- Only its issuer withdraws it; whoever confirms holds its row meanwhile.
create policy held_by_publishers on advisory for update to wayhouse_api
  using ((select viewer_may('advisories:publish')) and (issuer_id = (select viewer_organisation())
    or issuer_id = any (array(select viewer_acquaintances()))))
  with check (issuer_id = (select viewer_organisation()));

-- How many is everyone's to know, who is only its own.
create policy seen_by_itself on advisory_confirmation for select to wayhouse_api
  using (organisation_id = (select viewer_organisation()));
create policy made_by_itself on advisory_confirmation for insert to wayhouse_api
  with check (organisation_id = (select viewer_organisation()) and (select viewer_may('advisories:publish')));

grant select, insert, update (withdrawn_at) on advisory to wayhouse_api;
grant select, insert on advisory_confirmation to wayhouse_api;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

create function confirmations_of(in_advisory uuid) returns integer
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select count(*)::integer from advisory_confirmation c where c.advisory_id = in_advisory;
end;
grant execute on function confirmations_of(uuid) to wayhouse_api;

reset role;
revoke create on schema public from wayhouse_keeper;

-- Warns: neither withdrawn nor lapsed nor yet to come.
create function advisory_warns(in_advisory advisory) returns boolean
  language sql stable
  return in_advisory.withdrawn_at is null
    and in_advisory.effective_from <= now() and in_advisory.expires_at > now();

-- In force: warns, and a second organisation has confirmed it.
create function advisory_in_force(in_advisory advisory) returns boolean
  language sql stable
  return advisory_warns(in_advisory) and confirmations_of(in_advisory.id) > 0;

-- The advisory in force that forbids the caller to send anybody of this profile to one of these
-- countries, or null. Held shared until the transaction ends: whoever puts one in force waits for what
-- is being held there, and what is held afterwards sees it.
create function advisory_against(in_countries text[], in_risk_profile text) returns uuid
  language plpgsql volatile set search_path = public, pg_temp
as $$
declare
  one text;
begin
  for one in select distinct c from unnest(in_countries) c order by c loop
    perform pg_advisory_xact_lock_shared(hashtextextended('advisory:' || one, 0));
  end loop;
  return (
    select a.id from advisory a
      where a.country = any (in_countries) and in_risk_profile = any (a.risk_profiles)
        and advisory_in_force(a)
      order by a.id limit 1);
end
$$;
grant execute on function
    advisory_warns(advisory), advisory_in_force(advisory), advisory_against(text[], text)
  to wayhouse_api, wayhouse_keeper;
