-- Whether two are tied was asked for each row that the purge took, and took as long as one of them had rows: of an
-- organisation with some ten thousand holds a purge outlasted the time that a statement has. So nothing was purged
-- any more, of anybody, and no process started. It is asked once for each two, and ends with the first tie found.

grant create on schema public to wayhouse_keeper;
grant delete on handoff_candidate to wayhouse_keeper;
set local role wayhouse_keeper;

-- What lasts as long as the rows that it stands in, and is forgotten with the last of them.
create function is_lastingly_tied(in_organisation uuid, in_other uuid) returns boolean
  language sql stable set search_path = public, pg_temp
return exists (
    select from introduction i where i.organisation_id = in_organisation and i.introduced_id = in_other)
  or exists (select from sharing_grant g where g.owner_id = in_organisation and g.organisation_id = in_other)
  or exists (select from handoff_candidate c where c.sender_id = in_organisation and c.organisation_id = in_other)
  or exists (select from handoff h where h.sender_id = in_organisation and h.recipient_id = in_other)
  or exists (select from handoff h where h.sender_id = in_other and h.recipient_id = in_organisation)
  or exists (select from bed_hold h where h.holder_id = in_organisation and h.host_id = in_other)
  or exists (select from bed_hold h where h.holder_id = in_other and h.host_id = in_organisation);

-- Whoever ties the two anew finds that they are acquainted and leaves it at that: what it has not committed yet is
-- waited for before they are forgotten, and nobody ties anybody until they are.
create function forget_acquaintances() returns trigger
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  ones uuid[];
  others uuid[];
begin
  select array_agg(a.organisation_id), array_agg(a.other_id) into ones, others
    from (
      select distinct (e.row ->> tg_argv[0])::uuid as one, (e.row ->> tg_argv[1])::uuid as other
        from (select to_jsonb(e) as row from ended e) e) p
    join acquaintance a on (a.organisation_id, a.other_id) in ((p.one, p.other), (p.other, p.one))
    where not is_lastingly_tied(a.organisation_id, a.other_id);
  if ones is null then
    return null;
  end if;
  lock table acquaintance in share row exclusive mode;
  delete from acquaintance a using unnest(ones, others) p (one, other)
    where a.organisation_id = p.one and a.other_id = p.other and not is_lastingly_tied(p.one, p.other);
  return null;
end
$$;
do $$
begin
  execute format('grant execute on function forget_acquaintances() to %I', session_user);
end
$$;

-- As before, and the candidates of all at once.
create or replace function purge_handoffs(in_limit integer) returns table (parties uuid[])
  language sql volatile set search_path = public, pg_temp
begin atomic
  with due as (
      select h.id from handoff h
        where greatest(
            (select max(t.at) from handoff_transition t where t.handoff_id = h.id),
            case when h.status in ('REQUESTED', 'ACCEPTED', 'IN_PROGRESS', 'ON_HOLD')
              then h.consent_expires_at end) < due_before('handoff')
        limit in_limit for update of h skip locked),
    candidates as (delete from handoff_candidate c using due where c.handoff_id = due.id),
    deleted as (
      delete from handoff h using due where h.id = due.id returning h.sender_id, h.recipient_id)
  select array_remove(array[d.sender_id, d.recipient_id], null) from deleted d;
end;
reset role;
revoke create on schema public from wayhouse_keeper;

drop trigger an_acquaintance_ends_with_its_introduction on introduction;
drop trigger an_acquaintance_ends_with_its_grant on sharing_grant;
drop trigger an_acquaintance_ends_with_its_hold on bed_hold;
drop trigger an_acquaintance_ends_with_its_offer on handoff_candidate;
drop trigger an_acquaintance_ends_with_its_handoff on handoff;
create trigger an_acquaintance_ends_with_its_introduction after delete on introduction
  referencing old table as ended
  for each statement execute function forget_acquaintances('organisation_id', 'introduced_id');
create trigger an_acquaintance_ends_with_its_grant after delete on sharing_grant
  referencing old table as ended
  for each statement execute function forget_acquaintances('owner_id', 'organisation_id');
create trigger an_acquaintance_ends_with_its_hold after delete on bed_hold
  referencing old table as ended
  for each statement execute function forget_acquaintances('holder_id', 'host_id');
create trigger an_acquaintance_ends_with_its_offer after delete on handoff_candidate
  referencing old table as ended
  for each statement execute function forget_acquaintances('sender_id', 'organisation_id');
create trigger an_acquaintance_ends_with_its_handoff after delete on handoff
  referencing old table as ended
  for each statement execute function forget_acquaintances('sender_id', 'recipient_id');

set local role wayhouse_keeper;
-- runs beside old processes although drop: triggers alone have called them
drop function forget_acquaintance(), lasting_ties_of(uuid);
reset role;
