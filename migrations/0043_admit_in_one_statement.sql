-- The status that goes before every statement is one statement itself: what a function in a function, and a
-- loop over the scopes, cost was most of it.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- The one rule of who may call now, and what: token ∩ client ∩ organisation, in the order of the token. No row is
-- nobody. A network that is locked down has its admins alone.
create function admission_of(
  in_organisation uuid, in_client text, in_kid text, in_jti text, in_scopes text[], in_bound boolean
) returns table (client_id uuid, scopes text)
  language sql stable
begin atomic
  select c.id, coalesce(s.spelled, '')
    from client c
    join organisation o on o.id = c.organisation_id
    join organisation_account a on a.organisation_id = c.organisation_id
    cross join network n
    cross join lateral (
      select string_agg(u.scope, ' ' order by u.position) as spelled
        from unnest(in_scopes) with ordinality u (scope, position)
        where u.scope = any (c.scopes) and u.scope = any (a.scopes)
          and (n.status = 'ACTIVE' or u.scope = 'network:admin')) s
    where c.organisation_id = in_organisation and c.name = in_client
      and o.status = 'ACTIVE' and c.revoked_at is null and (in_bound or not c.require_dpop)
      and (case when in_kid is null then a.jwks_uri is not null else exists (
            select from organisation_key k
            where k.organisation_id = in_organisation and k.kid = in_kid
              and k.use = 'SIGN' and k.retired_at is null) end)
      and not exists (
        select from revoked_token t where t.organisation_id = in_organisation and t.jti = in_jti)
      and (n.status = 'ACTIVE' or s.spelled is not null);
end;

create or replace function admission(
  in_organisation uuid, in_client text, in_kid text, in_jti text, in_scopes text[], in_bound boolean
) returns table (client_id uuid, scopes text[])
  language sql stable set search_path = public, pg_temp
begin atomic
  select a.client_id, string_to_array(a.scopes, ' ')
    from admission_of(in_organisation, in_client, in_kid, in_jti, in_scopes, in_bound) a;
end;

-- In one row: null is nobody.
create or replace function admit(
  in_organisation uuid, in_client text, in_kid text, in_jti text, in_scopes text[], in_bound boolean,
  out client_id uuid, out scopes text
) language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  kept text;
begin
  select a.client_id, a.scopes,
      set_config('wayhouse.organisation', case when a.client_id is null then '' else in_organisation::text end, true)
        || set_config('wayhouse.client', coalesce(a.client_id::text, ''), true)
        || set_config('wayhouse.scopes', coalesce(a.scopes, ''), true)
    into client_id, scopes, kept
    from (select) one
    left join admission_of(in_organisation, in_client, in_kid, in_jti, in_scopes, in_bound) a on true;
end
$$;

reset role;
revoke create on schema public from wayhouse_keeper;
