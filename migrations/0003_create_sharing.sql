create table sharing_grant (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid not null
    constraint a_grant_is_given_by_its_owner references organisation on delete cascade,
  organisation_id uuid
    constraint a_grant_is_given_to_an_organisation references organisation on delete cascade,
  circle_id uuid
    constraint a_grant_is_given_to_a_circle references circle on delete cascade,
  scopes text[] not null
    constraint a_grant_names_scopes check (cardinality(scopes) > 0),
  -- null: every country
  countries text[]
    constraint a_grant_names_countries_or_means_every_one check (cardinality(countries) > 0),
  valid_from timestamptz not null default now(),
  valid_until timestamptz,
  revoked_at timestamptz,
  constraint a_grant_has_exactly_one_grantee check (num_nonnulls(organisation_id, circle_id) = 1),
  constraint a_grant_ends_after_it_begins check (valid_until > valid_from),
  constraint nobody_shares_with_itself check (organisation_id <> owner_id)
);
create index sharing_grant_by_owner on sharing_grant (owner_id, id);

-- What the grants in force come down to, one row for each organisation, scope and country reached.
-- A grant to a circle reaches the members of the moment it was given; leaving the circle deletes the
-- row, coming back does not bring it back. No row, nothing shared: an empty audience is nobody.
create table sharing_reach (
  grant_id uuid not null
    constraint a_reach_is_of_a_grant references sharing_grant on delete cascade,
  organisation_id uuid not null
    constraint a_reach_is_to_an_organisation references organisation on delete cascade,
  owner_id uuid not null
    constraint a_reach_is_on_an_owner references organisation on delete cascade,
  circle_id uuid,
  scope text not null,
  -- null: every country
  country text,
  valid_from timestamptz not null,
  valid_until timestamptz,
  constraint a_reach_through_a_circle_ends_with_membership
    foreign key (circle_id, organisation_id) references circle_member on delete cascade,
  constraint a_reach_stands_once unique nulls not distinct (organisation_id, scope, owner_id, grant_id, country)
);
create index sharing_reach_by_grant on sharing_reach (grant_id);
create index sharing_reach_by_owner on sharing_reach (owner_id);
create index sharing_reach_by_circle_member on sharing_reach (circle_id, organisation_id);

alter table sharing_grant enable row level security;
alter table sharing_grant force row level security;
alter table sharing_reach enable row level security;
alter table sharing_reach force row level security;

create policy keeper on sharing_grant to wayhouse_keeper using (true) with check (true);
create policy keeper on sharing_reach to wayhouse_keeper using (true) with check (true);
grant select, update (revoked_at) on sharing_grant to wayhouse_keeper;
grant select, delete on sharing_reach to wayhouse_keeper;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- Where a grant in force lets the caller use one of the scopes, which it must hold itself. The owner's
-- own ceiling is the fourth: what an organisation lost, its grants no longer give.
create function viewer_reach(variadic in_scopes text[]) returns table (owner_id uuid, country text)
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select r.owner_id, r.country
    from sharing_reach r
    join organisation o on o.id = r.owner_id and o.status = 'ACTIVE'
    join organisation_account a on a.organisation_id = r.owner_id and r.scope = any (a.scopes)
    where r.organisation_id = viewer_organisation()
      and r.scope = any (in_scopes) and viewer_may(r.scope)
      and r.valid_from <= now() and (r.valid_until is null or r.valid_until > now());
end;
grant execute on function viewer_reach(text[]) to wayhouse_api;

-- The same as two sets that a policy tests a row against, each evaluated once a statement:
-- owners shared with the caller in every country, and owners in one country.
create function viewer_reach_everywhere(variadic in_scopes text[]) returns setof uuid
  language sql stable
begin atomic
  select r.owner_id from viewer_reach(variadic in_scopes) r where r.country is null;
end;
create function viewer_reach_by_country(variadic in_scopes text[])
  returns table (owner_id uuid, country text)
  language sql stable
begin atomic
  select r.owner_id, r.country from viewer_reach(variadic in_scopes) r where r.country is not null;
end;
grant execute on function viewer_reach_everywhere(text[]), viewer_reach_by_country(text[])
  to wayhouse_api, wayhouse_keeper;

-- Grants that reach the caller, now or from a later day on.
create function viewer_granted() returns setof uuid
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select r.grant_id from sharing_reach r
    where r.organisation_id = viewer_organisation()
      and (r.valid_until is null or r.valid_until > now());
end;
grant execute on function viewer_granted() to wayhouse_api;

create or replace function viewer_acquaintances() returns setof uuid
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select other.organisation_id
    from circle_member mine join circle_member other using (circle_id)
    where mine.organisation_id = viewer_organisation()
  union
  select i.introduced_id from introduction i where i.organisation_id = viewer_organisation()
  union
  select r.owner_id from sharing_reach r
    where r.organisation_id = viewer_organisation()
      and (r.valid_until is null or r.valid_until > now())
  union
  select r.organisation_id from sharing_reach r where r.owner_id = viewer_organisation()
  union
  -- an owner's own record of whom it once gave what
  select g.organisation_id from sharing_grant g
    where g.owner_id = viewer_organisation() and g.organisation_id is not null;
end;

-- Circles that the caller gave a grant, also once it has left them.
create function viewer_granted_circles() returns setof uuid
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select g.circle_id from sharing_grant g
    where g.owner_id = viewer_organisation() and g.circle_id is not null;
end;
grant execute on function viewer_granted_circles() to wayhouse_api;

-- A lost organisation takes its grants with it, those it gave and those it was given.
create function revoke_every_grant_of(in_organisation uuid) returns setof sharing_grant
  language plpgsql security definer set search_path = public, pg_temp
as $$
begin
  if not (in_organisation is not distinct from viewer_organisation() and viewer_may('clients:manage')
          or viewer_may('network:admin')) then
    raise insufficient_privilege using message = 'not the caller''s to revoke';
  end if;
  delete from sharing_reach r
    where r.owner_id = in_organisation or r.organisation_id = in_organisation;
  return query
    update sharing_grant g set revoked_at = now()
      where (g.owner_id = in_organisation or g.organisation_id = in_organisation)
        and g.revoked_at is null
      returning g.*;
end
$$;
grant execute on function revoke_every_grant_of(uuid) to wayhouse_api;
reset role;

revoke create on schema public from wayhouse_keeper;

create policy seen_by_whoever_gave_it_a_grant on circle for select to wayhouse_api
  using (id = any (array(select viewer_granted_circles())));

create policy seen_by_owner_and_grantees on sharing_grant for select to wayhouse_api using (
  (select viewer_may('sharing:manage'))
  and (owner_id = (select viewer_organisation()) or id = any (array(select viewer_granted())))
);
create policy given_by_its_owner on sharing_grant for insert to wayhouse_api
  with check (owner_id = (select viewer_organisation()) and (select viewer_may('sharing:manage')));
create policy revoked_by_its_owner on sharing_grant for update to wayhouse_api
  using (owner_id = (select viewer_organisation()) and (select viewer_may('sharing:manage')));

create policy seen_by_owner_and_grantees on sharing_reach for select to wayhouse_api using (
  owner_id = (select viewer_organisation()) or organisation_id = (select viewer_organisation()));
create policy given_by_its_owner on sharing_reach for insert to wayhouse_api
  with check (owner_id = (select viewer_organisation()) and (select viewer_may('sharing:manage')));
create policy revoked_by_its_owner on sharing_reach for delete to wayhouse_api
  using (owner_id = (select viewer_organisation()) and (select viewer_may('sharing:manage')));

grant select, insert, update (revoked_at) on sharing_grant to wayhouse_api;
grant select, insert, delete on sharing_reach to wayhouse_api;
