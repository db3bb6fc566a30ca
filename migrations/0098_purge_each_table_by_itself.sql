-- One table that could not be purged kept all others from it: each is purged in a transaction of its own now. purge_due is
-- left for processes from before.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- At most so many rows of a table that are past their time, with what goes with them and an entry in the chain of each
-- organisation that had a part in them. How many; null while another process is at this table.
create function purge_table(in_table text, in_limit integer) returns integer
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  gone jsonb;
  purged record;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('purge:' || in_table, 0)) then
    return null;
  end if;
  case in_table
    when 'handoff_envelope' then gone := (select jsonb_agg(p.parties) from purge_handoff_envelopes(in_limit) p);
    when 'handoff' then gone := (select jsonb_agg(p.parties) from purge_handoffs(in_limit) p);
    when 'bed_hold' then gone := (select jsonb_agg(p.parties) from purge_bed_holds(in_limit) p);
    when 'bed_night' then gone := (select jsonb_agg(p.parties) from purge_bed_nights(in_limit) p);
    when 'consulate_envelope' then gone := (select jsonb_agg(p.parties) from purge_consulate_envelopes(in_limit) p);
    when 'consulate_reveal' then gone := (select jsonb_agg(p.parties) from purge_consulate_reveals(in_limit) p);
    when 'consulate_contact' then gone := (select jsonb_agg(p.parties) from purge_consulate_contacts(in_limit) p);
    when 'revoked_token' then gone := (select jsonb_agg(p.parties) from purge_spent_tokens(in_limit) p);
    when 'idempotency_record' then gone := (select jsonb_agg(p.parties) from purge_idempotency_keys(in_limit) p);
    when 'event' then gone := (select jsonb_agg(p.parties) from purge_events(in_limit) p);
    when 'advisory' then gone := (select jsonb_agg(p.parties) from purge_advisories(in_limit) p);
    when 'sharing_grant' then gone := (select jsonb_agg(p.parties) from purge_grants(in_limit) p);
  end case;
  if gone is null then
    return 0;
  end if;
  perform lock_chains(array(
    select p::uuid from jsonb_array_elements(gone) g, jsonb_array_elements_text(g) p));
  for purged in
    select p::uuid as chain, count(distinct i) as rows
      from jsonb_array_elements(gone) with ordinality as a (g, i), jsonb_array_elements_text(g) p
      group by 1 order by 1
  loop
    perform append_audit(purged.chain, purged.chain, null, purged.chain,
      format('purge:%s:%s', in_table, purged.rows), 'audit:read', 'Organisation', purged.chain);
  end loop;
  return jsonb_array_length(gone);
end
$$;
grant execute on function purge_table(text, integer) to wayhouse_api;

reset role;
revoke create on schema public from wayhouse_keeper;
