-- What an organisation did to others by its own calls, for the first question after it is lost.
create index audit_entry_by_reach on audit_entry (organisation_id, at, owner_id, action)
  where actor_id = organisation_id and owner_id <> organisation_id and client_name is not null;

-- Exactly what an entry's hash is the SHA-256 of: see 0004. Hex and times are spelled in one way only.
create function audit_record(in_entry audit_entry) returns text
  language sql stable
  return concat_ws(E'\n',
    'wayhouse-audit-1', in_entry.organisation_id, in_entry.sequence,
    to_char(in_entry.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    in_entry.actor_id, coalesce(in_entry.client_name, ''), in_entry.owner_id, in_entry.action, in_entry.scope,
    in_entry.subject_type || ':' || in_entry.subject_id, encode(in_entry.previous_hash, 'hex'));
grant execute on function audit_record(audit_entry) to wayhouse_api, wayhouse_keeper;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- Organisations that the caller's own chain names: whoever touched what is the caller's is told to it,
-- also when nothing ties the two together any more.
create function organisations_of_chain(in_organisations uuid[]) returns setof organisation
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select o.* from organisation o
    where o.id = any (in_organisations) and viewer_may('audit:read') and (
      o.id = viewer_organisation()
      or exists (select from audit_entry e where e.organisation_id = viewer_organisation() and e.actor_id = o.id)
      or exists (select from audit_entry e where e.organisation_id = viewer_organisation() and e.owner_id = o.id));
end;

-- Counts alone, and the hour of the last: to the minute it would show a group moving.
create function blast_radius(in_organisation uuid, in_since timestamptz)
  returns table (owner_id uuid, action text, count integer, last_at timestamptz)
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select e.owner_id, e.action, count(*)::integer, date_trunc('hour', max(e.at))
    from audit_entry e
    where e.organisation_id = in_organisation and e.at >= in_since
      and e.actor_id = e.organisation_id and e.owner_id <> e.organisation_id and e.client_name is not null
      and viewer_may('network:admin')
    group by 1, 2 order by max(e.at) desc, 1, 2;
end;
grant execute on function organisations_of_chain(uuid[]), blast_radius(uuid, timestamptz) to wayhouse_api;

reset role;
revoke create on schema public from wayhouse_keeper;

-- For organisations_of_chain, which looks for one actor or owner in one chain.
create index audit_entry_by_actor on audit_entry (organisation_id, actor_id);
create index audit_entry_by_owner on audit_entry (organisation_id, owner_id);
