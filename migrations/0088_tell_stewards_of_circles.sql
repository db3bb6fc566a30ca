-- A circle is told to whoever gave it a grant, also when that has left it since. Its steward was known no longer, and
-- with it all that the grant was listed with.

grant select on circle to wayhouse_keeper;
grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- Of circles that the caller may see.
create function stewards_of(in_circles uuid[]) returns table
    (circle_id uuid, id uuid, handle text, status text, identity_thumbprint text, identity_jwk jsonb)
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select c.id, o.id, o.handle, o.status, o.identity_thumbprint, o.identity_jwk
    from circle c join organisation o on o.id = c.steward_id
    where c.id = any (in_circles) and (
      viewer_may('network:admin')
      or c.id in (select viewer_circles()) or c.id in (select viewer_granted_circles()));
end;

grant execute on function stewards_of(uuid[]) to wayhouse_api;
reset role;
revoke create on schema public from wayhouse_keeper;
