-- A page of own offers asked which organisations are not active: whoever has offered them is, or would not be let in.

create or replace function list_outbox(in_statuses text[], in_after uuid, in_limit integer) returns setof handoff
  language plpgsql stable rows 20 set search_path = public, pg_temp set enable_bitmapscan = off
as $$
declare
  viewer uuid := viewer_organisation();
  least uuid := coalesce(in_after, '00000000-0000-0000-0000-000000000000');
  is_of_live boolean := coalesce(in_statuses <@ '{REQUESTED,ACCEPTED,IN_PROGRESS,ON_HOLD}', false);
begin
  return query
    select h.* from (
        (select l.* from handoff l
          where l.sender_id = viewer and l.id > least
            and l.status in ('REQUESTED', 'ACCEPTED', 'IN_PROGRESS', 'ON_HOLD') order by l.id)
        union all
        (select e.* from handoff e
          where e.sender_id = viewer and e.id > least and not is_of_live
            and (e.status in ('REQUESTED', 'ACCEPTED', 'IN_PROGRESS', 'ON_HOLD')) is false order by e.id)
        order by id offset 0) h
      where in_statuses is null
        or handoff_status(row(h.*)::handoff, (select closed_countries()), '{}') = any (in_statuses)
      order by h.id limit in_limit;
end
$$;
