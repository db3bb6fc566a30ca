-- What every write leaves behind, in the transaction of its effect: the idempotency record, the
-- audit entries and the events.

-- One effect for one key of one client. Neither key nor input is kept, only their SHA-256.
create table idempotency_record (
  client_id uuid not null
    constraint a_key_is_of_a_client references client on delete cascade,
  key_hash bytea not null,
  request_hash bytea not null,
  -- the ids the first call answered with; null until its transaction is about to commit
  result jsonb,
  created_at timestamptz not null default now(),
  primary key (client_id, key_hash)
);
create index idempotency_record_by_age on idempotency_record (created_at);

-- One chain an organisation. hash = SHA-256 over the UTF-8 of ten lines joined by a line feed:
-- 'wayhouse-audit-1', chain, sequence, at (RFC 3339, UTC, microseconds), actor, client (empty in
-- another's chain), owner, action, scope, subject; then a line feed and the previous hash in hex
-- (64 zeros before the first entry).
create table audit_entry (
  organisation_id uuid not null
    constraint a_chain_is_of_an_organisation references organisation on delete cascade,
  sequence integer not null,
  at timestamptz not null,
  actor_id uuid not null,
  client_name text,
  owner_id uuid not null,
  action text not null,
  scope text not null,
  subject_type text not null,
  subject_id uuid not null,
  previous_hash bytea not null,
  hash bytea not null,
  primary key (organisation_id, sequence)
);

-- The outbox. Carries ids only; a row is seen under the rules of its resource when it is read.
create table event (
  position bigint generated always as identity primary key,
  -- readers stop at the oldest transaction still open, so that no late commit is skipped
  transaction_id xid8 not null default pg_current_xact_id(),
  kind text not null,
  subject_type text not null,
  subject_id uuid not null,
  owner_id uuid not null
    constraint an_event_is_about_an_owner references organisation on delete cascade,
  -- the other side of a hold, a grant or a handoff
  party_id uuid
    constraint an_event_tells_the_other_side references organisation on delete cascade,
  country text,
  at timestamptz not null default now()
);
create index event_in_commit_order on event (transaction_id, position);

alter table idempotency_record enable row level security;
alter table idempotency_record force row level security;
alter table audit_entry enable row level security;
alter table audit_entry force row level security;
alter table event enable row level security;
alter table event force row level security;

create policy keeper on idempotency_record to wayhouse_keeper using (true) with check (true);
create policy keeper on audit_entry to wayhouse_keeper using (true) with check (true);
create policy keeper on event to wayhouse_keeper using (true) with check (true);
grant select, delete on idempotency_record to wayhouse_keeper;
grant select, insert on audit_entry, event to wayhouse_keeper;

create policy own on idempotency_record to wayhouse_api
  using (client_id = (select viewer_client())) with check (client_id = (select viewer_client()));
create policy own_chain on audit_entry for select to wayhouse_api
  using (organisation_id = (select viewer_organisation()) and (select viewer_may('audit:read')));
-- Nobody reads events yet but their two sides.
create policy both_sides on event for select to wayhouse_api
  using (owner_id = (select viewer_organisation()) or party_id = (select viewer_organisation()));

grant select, insert, update (result) on idempotency_record to wayhouse_api;
grant select on audit_entry, event to wayhouse_api;

-- Claims a key for this transaction. A second call with the same key waits here until the first has
-- committed or is gone. fresh: the caller goes on; else result is what the first call answered,
-- unless matches says that it asked for something else.
create function claim_idempotency_key(in_key_hash bytea, in_request_hash bytea)
  returns table (fresh boolean, matches boolean, result jsonb)
  language plpgsql volatile set search_path = public, pg_temp
as $$
begin
  if viewer_client() is null then
    return;
  end if;
  insert into idempotency_record (client_id, key_hash, request_hash)
    values (viewer_client(), in_key_hash, in_request_hash) on conflict do nothing;
  if found then
    return query select true, true, null::jsonb;
  else
    return query select false, i.request_hash = in_request_hash, i.result
      from idempotency_record i where i.client_id = viewer_client() and i.key_hash = in_key_hash;
  end if;
end
$$;
grant execute on function claim_idempotency_key(bytea, bytea) to wayhouse_api;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

create function append_audit(
  in_chain uuid, in_actor uuid, in_client text, in_owner uuid, in_action text, in_scope text,
  in_subject_type text, in_subject_id uuid
) returns void
  language plpgsql volatile set search_path = public, pg_temp
as $$
declare
  last_sequence integer;
  last_hash bytea;
  -- the wall clock, read under the chain's lock: entries never run backwards
  at timestamptz := clock_timestamp();
begin
  select e.sequence, e.hash into last_sequence, last_hash
    from audit_entry e where e.organisation_id = in_chain order by e.sequence desc limit 1;
  last_sequence := coalesce(last_sequence, 0);
  last_hash := coalesce(last_hash, decode(repeat('00', 32), 'hex'));
  insert into audit_entry values (
    in_chain, last_sequence + 1, at, in_actor, in_client, in_owner, in_action, in_scope,
    in_subject_type, in_subject_id, last_hash,
    sha256(convert_to(concat_ws(E'\n',
      'wayhouse-audit-1', in_chain, last_sequence + 1,
      to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
      in_actor, coalesce(in_client, ''), in_owner, in_action, in_scope,
      in_subject_type || ':' || in_subject_id, encode(last_hash, 'hex')), 'UTF8')));
end
$$;

-- Holds the chains until the transaction ends, always in one order. Taken late: it is the one lock
-- that every write of an organisation meets at.
create function lock_chains(in_chains uuid[]) returns void
  language plpgsql volatile set search_path = public, pg_temp
as $$
declare
  chain uuid;
begin
  for chain in select distinct c from unnest(in_chains) c order by c loop
    perform pg_advisory_xact_lock(hashtextextended('audit:' || chain, 0));
  end loop;
end
$$;

-- Records what one call changed: an entry in the chain of each owner touched and in the actor's, and
-- an event for each change. Changes that tell several parties of one subject are one entry.
-- in_changes: [{event, type, id, owner, party?, country?}].
create function record_changes(in_action text, in_scope text, in_changes jsonb) returns void
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  actor uuid := viewer_organisation();
  client text := (select c.name from client c where c.id = viewer_client());
  change record;
begin
  if actor is null then
    raise insufficient_privilege using message = 'no context';
  end if;
  insert into event (kind, subject_type, subject_id, owner_id, party_id, country)
    select c.event, c.type, c.id, c.owner, c.party, c.country
    from jsonb_to_recordset(in_changes)
      as c (event text, type text, id uuid, owner uuid, party uuid, country text);
  perform lock_chains(array(
    select c.owner from jsonb_to_recordset(in_changes) as c (owner uuid) union select actor));
  for change in
    select c ->> 'type' as type, (c ->> 'id')::uuid as id, (c ->> 'owner')::uuid as owner
      from jsonb_array_elements(in_changes) with ordinality as i (c, position)
      group by 1, 2, 3 order by min(i.position)
  loop
    if change.owner <> actor then
      perform append_audit(change.owner, actor, null, change.owner, in_action, in_scope, change.type, change.id);
    end if;
    perform append_audit(actor, actor, client, change.owner, in_action, in_scope, change.type, change.id);
  end loop;
end
$$;

create function purge_idempotency_records(in_older_than interval) returns bigint
  language sql volatile security definer set search_path = public, pg_temp
begin atomic
  with gone as (delete from idempotency_record where created_at < now() - in_older_than returning 1)
  select count(*) from gone;
end;

grant execute on function record_changes(text, text, jsonb), purge_idempotency_records(interval)
  to wayhouse_api;
reset role;
revoke create on schema public from wayhouse_keeper;
