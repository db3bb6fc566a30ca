grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- Grants to a circle that reach these members through it, for a network admin who takes them out: their
-- owners are to be told.
create function grants_reaching(in_circle uuid, in_members uuid[])
  returns table (grant_id uuid, owner_id uuid, organisation_id uuid)
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select distinct r.grant_id, r.owner_id, r.organisation_id from sharing_reach r
    where r.circle_id = in_circle and r.organisation_id = any (in_members)
      and viewer_may('network:admin')
    order by 1, 3;
end;
grant execute on function grants_reaching(uuid, uuid[]) to wayhouse_api;

reset role;
revoke create on schema public from wayhouse_keeper;
