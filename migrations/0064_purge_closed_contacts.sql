-- A contact whose programme is closed is over: without an end of its own each would stay, and be read by all with
-- whom its owner shares.

drop policy written_by_its_owner on retention;
create policy kept_by_its_owner on retention to current_user using (true) with check (true);
update retention set keep = '30 days', counted_from = 'when its owner last said that its programme is closed; until then it stays: coded facts of a mission, no person'
  where table_name = 'consulate_contact';
grant delete on consulate_contact to wayhouse_keeper;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

create function purge_consulate_contacts(in_limit integer) returns table (parties uuid[])
  language sql volatile set search_path = public, pg_temp
begin atomic
  with due as (
      select c.id from consulate_contact c
        where c.programme = 'CLOSED' and c.assured_at < (select due_before('consulate_contact')) limit in_limit),
    -- Opened anew meanwhile it stays.
    deleted as (
      delete from consulate_contact c using due
        where c.id = due.id and c.programme = 'CLOSED' returning c.owner_id)
  select array[d.owner_id] from deleted d;
end;

-- As before, and those.
create or replace function purge_due(in_limit integer) returns integer
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
    union all select 'consulate_contact', p.parties from purge_consulate_contacts(in_limit) p
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
reset role;
revoke create on schema public from wayhouse_keeper;
