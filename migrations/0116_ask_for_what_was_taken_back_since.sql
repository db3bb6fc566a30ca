-- Each write, and each answer that took its time, looked at all that was taken back from its organisation, up to a hundred
-- rows before they are summed up: now at what a snapshot may not have seen.

-- runs beside old processes although index: the rows of an organisation are summed up when they are more than a hundred.
create index revocation_by_organisation_in_commit_order on revocation (organisation_id, transaction_id);
drop index revocation_by_organisation;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

create or replace function revoked_since(in_organisation uuid, in_snapshot pg_snapshot) returns boolean
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select exists (
    select from revocation r
      where r.organisation_id = in_organisation and r.transaction_id >= pg_snapshot_xmin(in_snapshot)
        and not pg_visible_in_snapshot(r.transaction_id, in_snapshot));
end;

create or replace function record_changes(in_action text, in_scope text, in_changes jsonb) returns void
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  actor uuid := viewer_organisation();
  client text;
  -- who owns the subject of each change, once for each subject
  owners uuid[];
  types text[];
  ids uuid[];
  locked text;
  -- Null of an owner's own statements.
  admitted pg_snapshot := nullif(current_setting('wayhouse.admitted', true), '');
begin
  if actor is null then
    raise insufficient_privilege using message = 'no context';
  end if;
  insert into event (kind, subject_type, subject_id, owner_id, party_id, country)
    select c.event, c.type, c.id, c.owner, c.party, c.country
      from rows from (jsonb_to_recordset(in_changes)
          as (event text, type text, id uuid, owner uuid, party uuid, country text))
        with ordinality c (event, type, id, owner, party, country, position)
      order by c.position;
  if jsonb_array_length(in_changes) = 1 then
    owners := array[in_changes #>> '{0,owner}'];
    types := array[in_changes #>> '{0,type}'];
    ids := array[in_changes #>> '{0,id}'];
  else
    select array_agg(s.owner order by s.first), array_agg(s.type order by s.first), array_agg(s.id order by s.first)
      into owners, types, ids
      from (
        select c.owner, c.type, c.id, min(c.position) as first
          from rows from (jsonb_to_recordset(in_changes) as (type text, id uuid, owner uuid))
            with ordinality c (type, id, owner, position)
          group by 1, 2, 3) s;
  end if;
  locked := lock_chains(owners || actor);
  client := (select c.name from client c where c.id = viewer_client());
  for i in 1 .. coalesce(cardinality(ids), 0) loop
    -- The wall clock is read under the chains' locks: entries never run backwards.
    insert into audit_entry
      select e.chain, e.sequence, e.at, actor, e.client, owners[i], in_action, in_scope, types[i], ids[i],
          e.previous_hash,
          audit_hash(e.chain, e.sequence, e.at, actor, e.client, owners[i], in_action, in_scope,
            types[i], ids[i], e.previous_hash)
        from (
          select c.chain, c.client, clock_timestamp() as at, coalesce(l.sequence, 0) + 1 as sequence,
              coalesce(l.hash, decode(repeat('00', 32), 'hex')) as previous_hash
            from (values (owners[i], null), (actor, client)) as c (chain, client)
            left join lateral (
              select a.sequence, a.hash from audit_entry a
                where a.organisation_id = c.chain order by a.sequence desc limit 1) l on true
            where c.client is not null or c.chain <> actor
            offset 0) e;
  end loop;
  -- What was taken back while this waited for others is taken back of this as well: it begins anew, and asks again.
  if exists (
    select from revocation r
      where r.organisation_id = actor and r.transaction_id <> pg_current_xact_id()
        and r.transaction_id >= pg_snapshot_xmin(admitted)
        and not pg_visible_in_snapshot(r.transaction_id, admitted)) then
    raise serialization_failure using message = 'something was taken back meanwhile';
  end if;
end
$$;

reset role;
revoke create on schema public from wayhouse_keeper;
