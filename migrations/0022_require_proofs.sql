-- Tokens bound to a key of their client (DPoP, RFC 9449): who must have one, and which proofs were used.

alter table client add column require_dpop boolean not null default false;
grant update (require_dpop) on client to wayhouse_api;

-- Proofs that were accepted, until they would be refused for their age. The digest is of the key's
-- thumbprint and of the jti that it signed.
create table used_proof (
  digest bytea primary key,
  expires_at timestamptz not null
);
create index used_proof_by_expiry on used_proof (expires_at);
alter table used_proof enable row level security;
alter table used_proof force row level security;
create policy keeper on used_proof to wayhouse_keeper using (true) with check (true);
grant select, insert, delete on used_proof to wayhouse_keeper;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- In the round trip of enter(), after it: true for the one call that brings the proof first, on any process.
create function use_proof(in_digest bytea, in_expires_at timestamptz) returns boolean
  language sql volatile security definer set search_path = public, pg_temp
begin atomic
  with used as (
    insert into used_proof (digest, expires_at)
      select in_digest, in_expires_at where viewer_client() is not null and in_expires_at > now()
      on conflict do nothing returning 1)
  select exists (select from used);
end;

create function purge_used_proofs(in_limit integer) returns bigint
  language sql volatile security definer set search_path = public, pg_temp
begin atomic
  with old as (
      select digest from used_proof where expires_at < now() - interval '1 minute'
        order by expires_at limit in_limit),
    gone as (delete from used_proof p using old where p.digest = old.digest returning 1)
  select count(*) from gone;
end;

-- As the one before it, for a token that is bound or not: one that is not opens nothing where its client
-- must have bound ones.
create function admission(
  in_organisation uuid, in_client text, in_kid text, in_jti text, in_scopes text[], in_bound boolean
) returns table (client_id uuid, scopes text[])
  language sql stable set search_path = public, pg_temp
begin atomic
  select c.id, array(
      select s from unnest(in_scopes) s
        where s = any (c.scopes) and s = any (a.scopes)
          and (n.status = 'ACTIVE' or s = 'network:admin') order by s)
    from organisation o
    join network n on true
    join organisation_account a on a.organisation_id = o.id
    join client c on c.organisation_id = o.id
    where o.id = in_organisation and o.status = 'ACTIVE'
      and c.name = in_client and c.revoked_at is null and (in_bound or not c.require_dpop)
      and (n.status = 'ACTIVE'
        or 'network:admin' = any (in_scopes) and 'network:admin' = any (c.scopes) and 'network:admin' = any (a.scopes))
      and (case when in_kid is null then a.jwks_uri is not null else exists (
            select from organisation_key k
            where k.organisation_id = o.id and k.kid = in_kid
              and k.use = 'SIGN' and k.retired_at is null) end)
      and not exists (
        select from revoked_token t where t.organisation_id = o.id and t.jti = in_jti);
end;

create function enter(
  in_organisation uuid, in_client text, in_kid text, in_jti text, in_scopes text[], in_bound boolean
) returns table (client_id uuid, scopes text[])
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  the_client uuid;
  the_scopes text[];
begin
  select a.client_id, a.scopes into the_client, the_scopes
    from admission(in_organisation, in_client, in_kid, in_jti, in_scopes, in_bound) a;
  perform
    set_config('wayhouse.organisation', case when the_client is null then '' else in_organisation::text end, true),
    set_config('wayhouse.client', coalesce(the_client::text, ''), true),
    set_config('wayhouse.scopes', coalesce(array_to_string(the_scopes, ' '), ''), true);
  if the_client is not null then
    return query select the_client, the_scopes;
  end if;
end
$$;

create function admit_streams(
  in_organisation uuid, in_clients text[], in_kids text[], in_jtis text[], in_scopes text[], in_bound boolean[]
) returns table (index integer, scopes text[])
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select s.index::integer, a.scopes
    from unnest(in_clients, in_kids, in_jtis, in_scopes, in_bound) with ordinality
      as s (client, kid, jti, scopes, bound, index)
    cross join lateral
      admission(in_organisation, s.client, s.kid, s.jti, string_to_array(s.scopes, ' '), s.bound) a;
end;

-- Processes from before this file know of no bound tokens: to them every token is one that is not.
create or replace function admission(
  in_organisation uuid, in_client text, in_kid text, in_jti text, in_scopes text[]
) returns table (client_id uuid, scopes text[])
  language sql stable set search_path = public, pg_temp
begin atomic
  select a.client_id, a.scopes
    from admission(in_organisation, in_client, in_kid, in_jti, in_scopes, false) a;
end;

grant execute on function
    use_proof(bytea, timestamptz), purge_used_proofs(integer),
    enter(uuid, text, text, text, text[], boolean),
    admit_streams(uuid, text[], text[], text[], text[], boolean[])
  to wayhouse_api;
reset role;
revoke create on schema public from wayhouse_keeper;

create trigger a_client_that_must_prove_ends_streams after update on client
  for each row when (new.require_dpop and not old.require_dpop)
  execute function note_revocation('organisation_id');
