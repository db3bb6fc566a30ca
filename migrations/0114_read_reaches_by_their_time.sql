-- What an organisation has touched was read from all that it ever did: as it was written, the index made for it could not
-- serve. Of two columns that are compared with one value the planner no longer says that they are the same.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

create or replace function blast_radius(in_organisation uuid, in_since timestamptz)
  returns table (owner_id uuid, action text, count integer, last_at timestamptz)
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select e.owner_id, e.action, count(*)::integer, date_trunc('hour', max(e.at), 'UTC')
    from audit_entry e
    where e.organisation_id = any (array[in_organisation]) and e.at >= date_trunc('hour', in_since, 'UTC')
      and e.actor_id = e.organisation_id and e.owner_id <> e.organisation_id and e.client_name is not null
      and viewer_may('network:admin')
    group by 1, 2 order by 4 desc, 1, 2;
end;

reset role;
revoke create on schema public from wayhouse_keeper;
