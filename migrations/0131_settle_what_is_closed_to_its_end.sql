-- Of whoever was bound for a closed country at first and at last, each pass asked whom the two sides know, although one country
-- between was closed to other people alone. Which are closed to whoever it is, is known before. What is offered is looked at
-- once its time is over, and ends then whatever is closed.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

create or replace function settle_handoffs(in_limit integer) returns integer
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  due handoff;
  became text;
  settled handoff[] := '{}';
  closed text[] := closed_to_profiles();
begin
  for due in
    select h.* from handoff h
      where h.id in (
        select d.id from handoff d where d.status = 'REQUESTED' and d.decide_by <= now()
        union
        select d.id from handoff d where d.status = 'ACCEPTED' and d.seal_by <= now()
        union
        select d.id from handoff d
          where d.status = 'ACCEPTED' and closed <> '{}'
            and d.destinations[1] || ' ' || d.risk_profile = any (closed)
            and d.destinations[cardinality(d.destinations)] || ' ' || d.risk_profile = any (closed)
            and string_to_array(
              array_to_string(d.destinations, ' ' || d.risk_profile || ',') || ' ' || d.risk_profile, ',') <@ closed
            and is_blocked(d.destinations, d.risk_profile, d.sender_id, d.recipient_id)
        order by id limit in_limit)
      order by h.id for update of h skip locked
  loop
    became := handoff_status(due);
    continue when became = due.status;
    perform settle_handoff(due, became, case when became = 'EXPIRED' then 'CLOCK' else 'NETWORK' end,
      case when became = 'EXPIRED' then 'NO_ANSWER' else 'UNSAFE_COUNTRY' end);
    due.status := became;
    settled := settled || due;
  end loop;
  if cardinality(settled) = 0 then
    return 0;
  end if;
  perform lock_chains(array(
    select c from unnest(settled) h cross join lateral unnest(array[h.sender_id, h.recipient_id]) c
      where c is not null));
  perform append_audit(chain, chain, null, h.sender_id,
      case when h.status = 'EXPIRED' then 'expireHandoff' else 'holdHandoff' end, 'handoffs:read', 'Handoff', h.id)
    from unnest(settled) h cross join lateral unnest(array[h.sender_id, h.recipient_id]) chain
    where chain is not null
    order by h.id, chain;
  return cardinality(settled);
end
$$;

reset role;
revoke create on schema public from wayhouse_keeper;
