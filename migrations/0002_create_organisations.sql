create table organisation (
  id uuid primary key default gen_random_uuid(),
  handle text not null
    constraint a_handle_names_one_organisation unique
    constraint a_handle_is_a_short_slug check (handle ~ '^[a-z][a-z0-9-]{1,38}[a-z0-9]$'),
  status text not null default 'ACTIVE'
    constraint an_organisation_is_active_suspended_or_locked_down
    check (status in ('ACTIVE', 'SUSPENDED', 'LOCKED_DOWN')),
  identity_thumbprint text not null
    constraint an_identity_key_vouches_for_one_organisation unique,
  identity_jwk jsonb not null,
  created_at timestamptz not null default now()
);

-- What only the organisation itself and network admins may see of it.
create table organisation_account (
  organisation_id uuid primary key
    constraint an_account_is_of_an_organisation references organisation on delete cascade,
  issuer text not null
    constraint an_issuer_speaks_for_one_organisation unique,
  jwks_uri text,
  scopes text[] not null
);

create table organisation_key (
  organisation_id uuid not null
    constraint a_key_is_of_an_organisation references organisation on delete cascade,
  kid text not null,
  use text not null
    constraint a_key_signs_or_seals check (use in ('SIGN', 'SEAL')),
  jwk jsonb not null,
  published_at timestamptz not null default now(),
  retired_at timestamptz,
  primary key (organisation_id, kid)
);

create table client (
  id uuid primary key default gen_random_uuid(),
  organisation_id uuid not null
    constraint a_client_is_of_an_organisation references organisation on delete cascade,
  name text not null
    constraint a_client_name_is_a_short_slug check (name ~ '^[a-z0-9][a-z0-9._-]{0,127}$'),
  kind text not null
    constraint a_client_is_a_dashboard_bot_or_admin check (kind in ('DASHBOARD', 'BOT', 'ADMIN')),
  scopes text[] not null,
  revoked_at timestamptz,
  created_at timestamptz not null default now(),
  constraint a_client_id_names_one_client_of_its_organisation unique (organisation_id, name)
);

-- Tokens refused before they expire. A row is of no use after expires_at.
create table revoked_token (
  organisation_id uuid not null
    constraint a_revoked_token_is_of_an_organisation references organisation on delete cascade,
  jti text not null,
  expires_at timestamptz not null,
  primary key (organisation_id, jti)
);

create table circle (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  steward_id uuid not null
    constraint a_circle_has_a_steward references organisation on delete restrict,
  created_at timestamptz not null default now()
);

create table circle_member (
  circle_id uuid not null
    constraint a_member_is_of_a_circle references circle on delete cascade,
  organisation_id uuid not null
    constraint a_member_is_an_organisation references organisation on delete cascade,
  primary key (circle_id, organisation_id)
);
create index circle_member_by_organisation on circle_member (organisation_id, circle_id);

-- Who named whose thumbprint: from then on it sees that organisation, and may give it a first grant.
create table introduction (
  organisation_id uuid not null
    constraint an_introduction_is_of_an_organisation references organisation on delete cascade,
  introduced_id uuid not null
    constraint an_introduction_is_to_an_organisation references organisation on delete cascade,
  primary key (organisation_id, introduced_id)
);

alter table organisation enable row level security;
alter table organisation force row level security;
alter table organisation_account enable row level security;
alter table organisation_account force row level security;
alter table organisation_key enable row level security;
alter table organisation_key force row level security;
alter table client enable row level security;
alter table client force row level security;
alter table revoked_token enable row level security;
alter table revoked_token force row level security;
alter table circle enable row level security;
alter table circle force row level security;
alter table circle_member enable row level security;
alter table circle_member force row level security;
alter table introduction enable row level security;
alter table introduction force row level security;

create policy keeper on organisation to wayhouse_keeper using (true) with check (true);
create policy keeper on organisation_account to wayhouse_keeper using (true) with check (true);
create policy keeper on organisation_key to wayhouse_keeper using (true) with check (true);
create policy keeper on client to wayhouse_keeper using (true) with check (true);
create policy keeper on revoked_token to wayhouse_keeper using (true) with check (true);
create policy keeper on circle to wayhouse_keeper using (true) with check (true);
create policy keeper on circle_member to wayhouse_keeper using (true) with check (true);
create policy keeper on introduction to wayhouse_keeper using (true) with check (true);

-- Insert is for the bootstrap of an empty network alone: the first network admin has no one to ask.
grant select, insert on organisation, organisation_account, organisation_key, client to wayhouse_keeper;
grant select on circle_member to wayhouse_keeper;
grant select, delete on revoked_token to wayhouse_keeper;
grant select, insert on introduction to wayhouse_keeper;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- Whose circles the caller is in.
create function viewer_circles() returns setof uuid
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select m.circle_id from circle_member m where m.organisation_id = viewer_organisation();
end;
grant execute on function viewer_circles() to wayhouse_api;

-- Whom the caller may know of, besides itself. Later migrations add to it what ties two
-- organisations together: a grant, a hold, a handoff.
create function viewer_acquaintances() returns setof uuid
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select other.organisation_id
    from circle_member mine join circle_member other using (circle_id)
    where mine.organisation_id = viewer_organisation()
  union
  select i.introduced_id from introduction i where i.organisation_id = viewer_organisation();
end;
grant execute on function viewer_acquaintances() to wayhouse_api;

reset role;

create policy seen_by_those_tied_to_it on organisation for select to wayhouse_api using (
  id = (select viewer_organisation())
  or (select viewer_may('network:admin'))
  or id = any (array(select viewer_acquaintances()))
);
create policy registered_by_network_admins on organisation for insert to wayhouse_api
  with check ((select viewer_may('network:admin')));
create policy status_set_by_network_admins_or_itself on organisation for update to wayhouse_api
  using ((select viewer_may('network:admin'))
    or id = (select viewer_organisation()) and (select viewer_may('clients:manage')));

create policy seen_by_itself_and_network_admins on organisation_account for select to wayhouse_api
  using (organisation_id = (select viewer_organisation()) or (select viewer_may('network:admin')));
create policy registered_by_network_admins on organisation_account for insert to wayhouse_api
  with check ((select viewer_may('network:admin')));
create policy ceiling_set_by_network_admins on organisation_account for update to wayhouse_api
  using ((select viewer_may('network:admin')));

create policy seen_by_itself_and_network_admins on organisation_key for select to wayhouse_api
  using (organisation_id = (select viewer_organisation()) or (select viewer_may('network:admin')));
create policy registered_by_network_admins on organisation_key for insert to wayhouse_api
  with check ((select viewer_may('network:admin')));

create policy seen_by_itself_its_admins_and_network_admins on client for select to wayhouse_api using (
  id = (select viewer_client())
  or organisation_id = (select viewer_organisation()) and (select viewer_may('clients:manage'))
  or (select viewer_may('network:admin'))
);
-- A network admin registers a new organisation's first client, 'admin', which can exist only once.
create policy registered_by_its_admins on client for insert to wayhouse_api
  with check (organisation_id = (select viewer_organisation()) and (select viewer_may('clients:manage'))
    or name = 'admin' and kind = 'ADMIN' and (select viewer_may('network:admin')));
create policy changed_by_its_admins on client for update to wayhouse_api
  using (organisation_id = (select viewer_organisation()) and (select viewer_may('clients:manage')));

create policy revoked_by_its_admins on revoked_token to wayhouse_api
  using (organisation_id = (select viewer_organisation()) and (select viewer_may('clients:manage')))
  with check (organisation_id = (select viewer_organisation()) and (select viewer_may('clients:manage')));

create policy seen_by_members_and_network_admins on circle for select to wayhouse_api
  using (id = any (array(select viewer_circles())) or (select viewer_may('network:admin')));
create policy made_by_network_admins on circle for insert to wayhouse_api
  with check ((select viewer_may('network:admin')));
-- Nobody changes a circle, but whoever gives it a grant holds its row while counting the members.
create policy held_by_members_and_network_admins on circle for update to wayhouse_api
  using (id = any (array(select viewer_circles())) or (select viewer_may('network:admin')));

create policy seen_by_members_and_network_admins on circle_member for select to wayhouse_api
  using (circle_id = any (array(select viewer_circles())) or (select viewer_may('network:admin')));
create policy joined_by_network_admins on circle_member for insert to wayhouse_api
  with check ((select viewer_may('network:admin')));
create policy left_by_network_admins on circle_member for delete to wayhouse_api
  using ((select viewer_may('network:admin')));

create policy seen_by_whoever_was_introduced on introduction for select to wayhouse_api
  using (organisation_id = (select viewer_organisation()));

grant select, insert, update (status) on organisation to wayhouse_api;
grant select, insert, update (scopes) on organisation_account to wayhouse_api;
grant select, insert on organisation_key to wayhouse_api;
grant select, insert, update (scopes, revoked_at) on client to wayhouse_api;
grant select, insert on revoked_token to wayhouse_api;
grant select, insert, update (name) on circle to wayhouse_api;
grant select, insert, delete on circle_member to wayhouse_api;
grant select on introduction to wayhouse_api;

set local role wayhouse_keeper;

-- Opens every statement and every transaction: reads the status of organisation, client, signing key
-- and token, and sets the context for what follows until the transaction ends. Answers one row with
-- what the call may do, or none: then the context is empty, and an empty context sees nothing.
-- in_kid is null for a key that the issuer's JWKS URI vouches for.
create function enter(
  in_organisation uuid, in_client text, in_kid text, in_jti text, in_scopes text[]
) returns table (client_id uuid, scopes text[])
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  the_client uuid;
  the_scopes text[];
begin
  select c.id, array(
      select s from unnest(in_scopes) s where s = any (c.scopes) and s = any (a.scopes) order by s)
    into the_client, the_scopes
    from organisation o
    join organisation_account a on a.organisation_id = o.id
    join client c on c.organisation_id = o.id
    where o.id = in_organisation and o.status = 'ACTIVE'
      and c.name = in_client and c.revoked_at is null
      and (case when in_kid is null then a.jwks_uri is not null else exists (
            select from organisation_key k
            where k.organisation_id = o.id and k.kid = in_kid
              and k.use = 'SIGN' and k.retired_at is null) end)
      and not exists (
        select from revoked_token t where t.organisation_id = o.id and t.jti = in_jti);
  perform
    set_config('wayhouse.organisation', case when the_client is null then '' else in_organisation::text end, true),
    set_config('wayhouse.client', coalesce(the_client::text, ''), true),
    set_config('wayhouse.scopes', coalesce(array_to_string(the_scopes, ' '), ''), true);
  if the_client is not null then
    return query select the_client, the_scopes;
  end if;
end
$$;
grant execute on function enter(uuid, text, text, text, text[]) to wayhouse_api;

-- Whose word a token's signature is checked against: the one question asked before there is a context.
create function find_issuer(in_issuer text)
  returns table (organisation_id uuid, jwks_uri text, keys jsonb)
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select a.organisation_id, a.jwks_uri, coalesce((
      select jsonb_agg(k.jwk) from organisation_key k
      where k.organisation_id = a.organisation_id and k.use = 'SIGN' and k.retired_at is null), '[]')
    from organisation_account a where a.issuer = in_issuer;
end;
grant execute on function find_issuer(text) to wayhouse_api;

-- Naming a thumbprint that was compared out of band introduces its organisation to the caller.
create function introduce(in_thumbprint text) returns uuid
  language sql volatile security definer set search_path = public, pg_temp
begin atomic
  insert into introduction (organisation_id, introduced_id)
    select viewer_organisation(), o.id from organisation o
    where o.identity_thumbprint = in_thumbprint
      and viewer_organisation() is not null and o.id <> viewer_organisation()
    on conflict do nothing;
  select o.id from organisation o
    where o.identity_thumbprint = in_thumbprint and viewer_organisation() is not null;
end;
grant execute on function introduce(text) to wayhouse_api;

create function purge_revoked_tokens() returns bigint
  language sql volatile security definer set search_path = public, pg_temp
begin atomic
  with gone as (delete from revoked_token where expires_at < now() returning 1)
  select count(*) from gone;
end;
grant execute on function purge_revoked_tokens() to wayhouse_api;

reset role;
revoke create on schema public from wayhouse_keeper;
