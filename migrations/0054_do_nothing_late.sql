-- A write that waited for a lock could commit long after its client was revoked: its status was read before. What
-- is recorded last looks once more whether anything was taken from its organisation since.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- As before; and by which snapshot the caller was admitted.
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
        || set_config('wayhouse.admitted', pg_current_snapshot()::text, true)
    into client_id, scopes, kept
    from (select) one
    left join admission_of(in_organisation, in_client, in_kid, in_jti, in_scopes, in_bound) a on true;
end
$$;

-- As before, but for what is looked at in the end.
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
  locked bigint;
  -- Null of an owner's own statements.
  admitted pg_snapshot := nullif(current_setting('wayhouse.admitted', true), '');
begin
  if actor is null then
    raise insufficient_privilege using message = 'no context';
  end if;
  with change as materialized (
    select c.*, row_number() over () as position from jsonb_to_recordset(in_changes)
      as c (event text, type text, id uuid, owner uuid, party uuid, country text)
  ), told as (
    insert into event (kind, subject_type, subject_id, owner_id, party_id, country)
      select c.event, c.type, c.id, c.owner, c.party, c.country from change c order by c.position
  )
  select array_agg(s.owner order by s.first), array_agg(s.type order by s.first), array_agg(s.id order by s.first)
    into owners, types, ids
    from (select c.owner, c.type, c.id, min(c.position) as first from change c group by 1, 2, 3) s;
  -- In one order, as lock_chains() does.
  select count(pg_advisory_xact_lock(hashtextextended('audit:' || l.chain, 0))), max(l.client) into locked, client
    from (
      select o.chain, c.name as client from (select distinct o as chain from unnest(owners || actor) o) o
        left join client c on c.id = viewer_client()
        order by o.chain) l;
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
        and not pg_visible_in_snapshot(r.transaction_id, admitted)) then
    raise serialization_failure using message = 'something was taken back meanwhile';
  end if;
end
$$;

reset role;
revoke create on schema public from wayhouse_keeper;
