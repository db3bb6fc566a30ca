-- As holds, so what was offered to others.

drop index handoff_live_by_sender;
-- runs beside old processes although index: a network has some ten thousand handoffs of a month, which are read in a moment.
create index handoff_by_sender_and_status
  on handoff (sender_id, (status in ('REQUESTED', 'ACCEPTED', 'IN_PROGRESS', 'ON_HOLD')), id, status_letter(status));

create or replace function list_outbox(in_statuses text[], in_after uuid, in_limit integer) returns setof handoff
  language plpgsql stable rows 20 set search_path = public, pg_temp set enable_bitmapscan = off
as $$
declare
  viewer uuid := viewer_organisation();
  least uuid := coalesce(in_after, '00000000-0000-0000-0000-000000000000');
  stored text[] := coalesce(
    in_statuses, '{REQUESTED,ACCEPTED,IN_PROGRESS,ON_HOLD,COMPLETED,REJECTED,CANCELLED,FAILED,EXPIRED}');
  letters "char"[] := '{R,A,P,H,C,J,N,F,x}';
  is_of_live boolean;
  is_of_ended boolean := stored && '{COMPLETED,REJECTED,CANCELLED,FAILED,EXPIRED}';
begin
  if in_statuses is not null then
    if 'ON_HOLD' = any (in_statuses) and closed_countries() <> '{}'
        or 'EXPIRED' = any (in_statuses) and (
          exists (select from handoff h where h.status = 'REQUESTED' and h.decide_by <= now())
          or exists (select from handoff h where h.status = 'ACCEPTED' and h.seal_by <= now())) then
      stored := stored || '{REQUESTED,ACCEPTED}';
    end if;
    letters := array(select status_letter(s) from unnest(stored) s);
  end if;
  is_of_live := stored && '{REQUESTED,ACCEPTED,IN_PROGRESS,ON_HOLD}';
  return query
    select h.* from (
        (select l.* from handoff l
          where l.sender_id = viewer and l.id > least and status_letter(l.status) = any (letters) and is_of_live
            and l.status in ('REQUESTED', 'ACCEPTED', 'IN_PROGRESS', 'ON_HOLD') order by l.id)
        union all
        (select e.* from handoff e
          where e.sender_id = viewer and e.id > least and status_letter(e.status) = any (letters) and is_of_ended
            and (e.status in ('REQUESTED', 'ACCEPTED', 'IN_PROGRESS', 'ON_HOLD')) is false order by e.id)
        order by id offset 0) h
      where in_statuses is null
        or handoff_status(row(h.*)::handoff, (select closed_countries()), '{}') = any (in_statuses)
      order by h.id limit in_limit;
end
$$;
