-- How long each table keeps a row, and from when on that is counted. keep is null for what has no clock of
-- its own. The purge reads it here, docs/retention.md is held against it, and every table has its row.
create table retention (
  table_name text primary key,
  keep interval
    constraint a_clock_does_not_run_backwards check (keep >= interval '0'),
  counted_from text not null
);
alter table retention enable row level security;
alter table retention force row level security;
create policy read_by_all on retention for select to wayhouse_api, wayhouse_keeper using (true);
create policy written_by_its_owner on retention for insert to current_user with check (true);
grant select on retention to wayhouse_api, wayhouse_keeper;
insert into retention values
  ('advisory', '90 days', 'its end: lapsed, or withdrawn'),
  ('advisory_confirmation', null, 'goes with its advisory'),
  ('audit_entry', null, 'stays: it proves what was done, and holds ids that lead nowhere once their rows are gone'),
  ('bed_hold', '30 days', 'its end: released, declined, expired, or the last check-out'),
  ('bed_hold_instruction', null, 'goes at once when its hold ends'),
  ('bed_hold_reference', null, 'goes with its hold'),
  ('bed_night', '30 days', 'the night'),
  ('bed_stay', null, 'goes with its hold'),
  ('circle', null, 'stays: names organisations, no case'),
  ('circle_member', null, 'goes when the member leaves'),
  ('client', null, 'stays, revoked too: a client id is never given twice, and the audit names it'),
  ('consulate_contact', null, 'stays: coded facts of a mission, no person'),
  ('consulate_envelope', '0 days', 'when its recipient may no longer have it revealed, its key is retired or the programme closed; 180 days after the review that nobody made'),
  ('consulate_reveal', '30 days', 'the reveal'),
  ('event', '30 days', 'the change; the newest stays, so that a reader can tell what it missed'),
  ('handoff', '30 days', 'its end; where nobody ended it, the end of the consent that it stands on'),
  ('handoff_candidate', null, 'goes with its handoff'),
  ('handoff_envelope', '14 days', 'when it was sealed, or the end of consent if that is earlier; receipt and every end delete it at once'),
  ('handoff_reference', null, 'goes with its handoff'),
  ('handoff_transition', null, 'goes with its handoff'),
  ('idempotency_record', '30 days', 'the call'),
  ('introduction', null, 'stays: who compared whose key, no case'),
  ('key_log_entry', null, 'stays: append-only, and public keys alone'),
  ('network', null, 'stays: the one row of the network'),
  ('organisation', null, 'stays'),
  ('organisation_account', null, 'goes with its organisation'),
  ('organisation_key', null, 'stays, retired too: public keys alone, and what they signed is checked by them'),
  ('retention', null, 'stays: this table'),
  ('revocation', null, 'stays: how many there are is what streams are checked against, and they name an organisation alone'),
  ('revoked_token', '0 days', 'the moment from which the token opens nothing anyway'),
  ('sharing_grant', '365 days', 'its end: revoked, or lapsed'),
  ('sharing_reach', null, 'goes with its grant, or its revocation'),
  ('shelter', null, 'stays: a code name, no address');

alter table handoff_envelope add column sealed_at timestamptz not null default now();

-- When a hold came to its end, to the hour.
alter table bed_hold add column ended_at timestamptz;
create function note_end_of_hold() returns trigger
  language plpgsql set search_path = public, pg_temp
as $$
begin
  new.ended_at := date_trunc('hour', now());
  return new;
end
$$;
create trigger a_hold_notes_its_end before update on bed_hold
  for each row when (new.status not in ('HELD', 'CONFIRMED') and old.status in ('HELD', 'CONFIRMED'))
  execute function note_end_of_hold();

grant update (ended_at), delete on bed_hold to wayhouse_keeper;
grant delete on bed_night, handoff, consulate_envelope, event, advisory, sharing_grant to wayhouse_keeper;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;
update bed_hold set ended_at = date_trunc('hour', now()) where status not in ('HELD', 'CONFIRMED');

-- The key that an envelope says it is sealed to (RFC 7516, compact); null for what is no envelope.
create function envelope_kid(in_envelope text) returns text
  language plpgsql immutable set search_path = public, pg_temp
as $$
declare
  header text := translate(split_part(in_envelope, '.', 1), '-_', '+/');
begin
  return convert_from(decode(rpad(header, (length(header) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb ->> 'kid';
exception when others then
  return null;
end
$$;

-- Before which moment what a table keeps is due. Whole days, so that a chain tells of a table once a day.
create function due_before(in_table text) returns timestamptz
  language sql stable set search_path = public, pg_temp
begin atomic
  select case when r.keep = interval '0' then now()
      else (date_trunc('day', now() at time zone 'UTC') at time zone 'UTC') - r.keep end
    from retention r where r.table_name = in_table;
end;

create function is_revealed(in_contact consulate_contact, in_recipient uuid) returns boolean
  language sql stable set search_path = public, pg_temp
begin atomic
  select exists (
    select from sharing_reach r
      where r.owner_id = in_contact.owner_id and r.organisation_id = in_recipient
        and r.scope = 'consulates:reveal' and (r.country is null or r.country = in_contact.country)
        and (r.valid_until is null or r.valid_until > now()));
end;

-- Each of these deletes at most in_limit rows that are past their time, passing by what calls have locked,
-- and answers with a row for each: the organisations that had a part in it.

-- What nobody received in time; the handoff then expires by itself.
create function purge_handoff_envelopes(in_limit integer) returns table (parties uuid[])
  language sql volatile set search_path = public, pg_temp
begin atomic
  with due as (
      select h.id from handoff_envelope e join handoff h on h.id = e.handoff_id
        where e.sealed_at < due_before('handoff_envelope') or h.consent_expires_at <= now()
        limit in_limit for update of h skip locked),
    lapsed as (
      update handoff h set seal_by = now() from due
        where h.id = due.id and 'ACCEPTED' in (h.status, h.held_from)
        returning h.id),
    deleted as (delete from handoff_envelope e using due where e.handoff_id = due.id returning e.*)
  select array[h.sender_id, d.recipient_id] from deleted d join handoff h on h.id = d.handoff_id;
end;

create function purge_handoffs(in_limit integer) returns table (parties uuid[])
  language sql volatile set search_path = public, pg_temp
begin atomic
  with due as (
      select h.id from handoff h
        where greatest(
            (select max(t.at) from handoff_transition t where t.handoff_id = h.id),
            case when h.status in ('REQUESTED', 'ACCEPTED', 'IN_PROGRESS', 'ON_HOLD') then h.consent_expires_at end)
          < due_before('handoff')
        limit in_limit for update skip locked),
    deleted as (delete from handoff h using due where h.id = due.id returning h.*)
  select array_remove(array[d.sender_id, d.recipient_id], null) from deleted d;
end;

create function purge_bed_holds(in_limit integer) returns table (parties uuid[])
  language sql volatile set search_path = public, pg_temp
begin atomic
  with due as (
      select h.id from bed_hold h where h.ended_at < due_before('bed_hold')
        limit in_limit for update skip locked),
    deleted as (delete from bed_hold h using due where h.id = due.id returning h.*)
  select array[d.host_id, d.holder_id] from deleted d;
end;

create function purge_bed_nights(in_limit integer) returns table (parties uuid[])
  language sql volatile set search_path = public, pg_temp
begin atomic
  with due as (
      select n.shelter_id, n.night from bed_night n
        where n.night < (due_before('bed_night') at time zone 'UTC')::date
        limit in_limit for update skip locked),
    deleted as (
      delete from bed_night n using due where n.shelter_id = due.shelter_id and n.night = due.night
        returning n.owner_id)
  select array[d.owner_id] from deleted d;
end;

create function purge_consulate_envelopes(in_limit integer) returns table (parties uuid[])
  language sql volatile set search_path = public, pg_temp
begin atomic
  with due as (
      select e.contact_id, e.recipient_id, c.owner_id
        from consulate_envelope e join consulate_contact c on c.id = e.contact_id
        where not is_revealed(c, e.recipient_id)
          or not exists (
            select from organisation_key k
              where k.organisation_id = e.recipient_id and k.kid = envelope_kid(e.envelope)
                and k.use = 'SEAL' and k.retired_at is null)
          or c.programme = 'CLOSED' or c.review_by < due_before('consulate_envelope') - interval '180 days'
        limit in_limit for update of e skip locked),
    deleted as (
      delete from consulate_envelope e using due
        where e.contact_id = due.contact_id and e.recipient_id = due.recipient_id returning due.owner_id)
  select array[d.owner_id] from deleted d;
end;

create function purge_consulate_reveals(in_limit integer) returns table (parties uuid[])
  language sql volatile set search_path = public, pg_temp
begin atomic
  with due as (
      select r.id from consulate_reveal r where r.at < due_before('consulate_reveal') limit in_limit),
    deleted as (delete from consulate_reveal r using due where r.id = due.id returning r.organisation_id)
  select array[d.organisation_id] from deleted d;
end;

create function purge_spent_tokens(in_limit integer) returns table (parties uuid[])
  language sql volatile set search_path = public, pg_temp
begin atomic
  with due as (
      select t.organisation_id, t.jti from revoked_token t
        where t.expires_at < due_before('revoked_token') limit in_limit),
    deleted as (
      delete from revoked_token t using due
        where t.organisation_id = due.organisation_id and t.jti = due.jti returning t.organisation_id)
  select array[d.organisation_id] from deleted d;
end;

create function purge_idempotency_keys(in_limit integer) returns table (parties uuid[])
  language sql volatile set search_path = public, pg_temp
begin atomic
  with due as (
      select i.client_id, i.key_hash from idempotency_record i
        where i.created_at < due_before('idempotency_record') limit in_limit),
    deleted as (
      delete from idempotency_record i using due
        where i.client_id = due.client_id and i.key_hash = due.key_hash returning i.client_id)
  select array[c.organisation_id] from deleted d join client c on c.id = d.client_id;
end;

-- Always the first ones in the order of cursors, so that a place before which nothing is left tells of a gap.
create function purge_events(in_limit integer) returns table (parties uuid[])
  language sql volatile set search_path = public, pg_temp
begin atomic
  with due as (
      select e.position from event e
        where e.at < (select due_before('event'))
          and (e.transaction_id, e.position) < (
            select k.transaction_id, k.position from event k
              where k.at >= (select due_before('event'))
                or not exists (select from event n where (n.transaction_id, n.position) > (k.transaction_id, k.position))
              order by k.transaction_id, k.position limit 1)
        order by e.transaction_id, e.position limit in_limit),
    deleted as (delete from event e using due where e.position = due.position returning e.owner_id)
  select array[d.owner_id] from deleted d;
end;

create function purge_advisories(in_limit integer) returns table (parties uuid[])
  language sql volatile set search_path = public, pg_temp
begin atomic
  with due as (
      select a.id from advisory a
        where least(a.withdrawn_at, a.expires_at) < due_before('advisory') limit in_limit),
    deleted as (delete from advisory a using due where a.id = due.id returning a.issuer_id)
  select array[d.issuer_id] from deleted d;
end;

create function purge_grants(in_limit integer) returns table (parties uuid[])
  language sql volatile set search_path = public, pg_temp
begin atomic
  with due as (
      select g.id from sharing_grant g
        where least(g.revoked_at, g.valid_until) < due_before('sharing_grant')
        limit in_limit for update skip locked),
    deleted as (delete from sharing_grant g using due where g.id = due.id returning g.owner_id)
  select array[d.owner_id] from deleted d;
end;

-- All of them in one transaction; in the chain of each organisation that had a part in it, how many rows of
-- what. Answers with how many in all: 0, nothing is left; null, another process is at it.
create function purge_due(in_limit integer) returns integer
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  gone jsonb;
  purged record;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('purge', 0)) then
    return null;
  end if;
  with all_gone as (
    select 'handoff_envelope' as what, p.parties from purge_handoff_envelopes(in_limit) p
    union all select 'handoff', p.parties from purge_handoffs(in_limit) p
    union all select 'bed_hold', p.parties from purge_bed_holds(in_limit) p
    union all select 'bed_night', p.parties from purge_bed_nights(in_limit) p
    union all select 'consulate_envelope', p.parties from purge_consulate_envelopes(in_limit) p
    union all select 'consulate_reveal', p.parties from purge_consulate_reveals(in_limit) p
    union all select 'revoked_token', p.parties from purge_spent_tokens(in_limit) p
    union all select 'idempotency_record', p.parties from purge_idempotency_keys(in_limit) p
    union all select 'event', p.parties from purge_events(in_limit) p
    union all select 'advisory', p.parties from purge_advisories(in_limit) p
    union all select 'sharing_grant', p.parties from purge_grants(in_limit) p)
  select coalesce(jsonb_agg(to_jsonb(g)), '[]') into gone from all_gone g;
  perform lock_chains(array(
    select p::uuid from jsonb_array_elements(gone) g, jsonb_array_elements_text(g -> 'parties') p));
  for purged in
    select p::uuid as chain, g ->> 'what' as what, count(distinct i) as rows
      from jsonb_array_elements(gone) with ordinality as a (g, i), jsonb_array_elements_text(g -> 'parties') p
      group by 1, 2 order by 1, 2
  loop
    perform append_audit(purged.chain, purged.chain, null, purged.chain,
      format('purge:%s:%s', purged.what, purged.rows), 'audit:read', 'Organisation', purged.chain);
  end loop;
  return jsonb_array_length(gone);
end
$$;
grant execute on function purge_due(integer) to wayhouse_api;

-- Each let its caller say how short the time was.
-- runs beside old processes although drop: their hourly job fails and is logged, and purge_due does its work
drop function purge_revoked_tokens(), purge_idempotency_records(interval), purge_reveals(interval);
reset role;
revoke create on schema public from wayhouse_keeper;
