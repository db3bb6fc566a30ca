-- The one row of the network as a whole.
create table network (
  -- true, and so only once
  id boolean primary key default true
    constraint there_is_one_network check (id),
  status text not null default 'ACTIVE'
    constraint a_network_is_active_or_locked_down check (status in ('ACTIVE', 'LOCKED_DOWN')),
  -- RFC 7638 thumbprint of the key that this node signs with; null until the first process has started
  node_key text
);
insert into network default values;
alter table network enable row level security;
alter table network force row level security;
create policy keeper on network to wayhouse_keeper using (true) with check (true);
grant select, update (node_key) on network to wayhouse_keeper;

create policy seen_by_network_admins on network for select to wayhouse_api
  using ((select viewer_may('network:admin')));
create policy status_set_by_network_admins on network for update to wayhouse_api
  using ((select viewer_may('network:admin')));
grant select, update (status) on network to wayhouse_api;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- The thumbprint that processes of this node must have; the first to ask sets it.
create function claim_node_key(in_thumbprint text) returns text
  language sql volatile security definer set search_path = public, pg_temp
begin atomic
  update network n set node_key = in_thumbprint where n.node_key is null;
  select n.node_key from network n;
end;
grant execute on function claim_node_key(text) to wayhouse_api;

-- What a token lets its client do at this moment, or no row. While the network is locked down only
-- network admins come in, and for nothing but to open it again.
create function admission(
  in_organisation uuid, in_client text, in_kid text, in_jti text, in_scopes text[]
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
      and c.name = in_client and c.revoked_at is null
      and (n.status = 'ACTIVE'
        or 'network:admin' = any (in_scopes) and 'network:admin' = any (c.scopes) and 'network:admin' = any (a.scopes))
      and (case when in_kid is null then a.jwks_uri is not null else exists (
            select from organisation_key k
            where k.organisation_id = o.id and k.kid = in_kid
              and k.use = 'SIGN' and k.retired_at is null) end)
      and not exists (
        select from revoked_token t where t.organisation_id = o.id and t.jti = in_jti);
end;

create or replace function enter(
  in_organisation uuid, in_client text, in_kid text, in_jti text, in_scopes text[]
) returns table (client_id uuid, scopes text[])
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  the_client uuid;
  the_scopes text[];
begin
  select a.client_id, a.scopes into the_client, the_scopes
    from admission(in_organisation, in_client, in_kid, in_jti, in_scopes) a;
  perform
    set_config('wayhouse.organisation', case when the_client is null then '' else in_organisation::text end, true),
    set_config('wayhouse.client', coalesce(the_client::text, ''), true),
    set_config('wayhouse.scopes', coalesce(array_to_string(the_scopes, ' '), ''), true);
  if the_client is not null then
    return query select the_client, the_scopes;
  end if;
end
$$;
reset role;
revoke create on schema public from wayhouse_keeper;
