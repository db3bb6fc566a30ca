-- Holds, offers and introductions, too, are counted for all clients of an organisation together: one that was taken
-- over has up to a hundred clients, and had as many budgets. One count instead of the other: a hold costs no more.

-- runs beside old processes although validated constraint: the table has a row for each organisation and purpose
alter table organisation_budget
  drop constraint a_shared_budget_has_a_known_purpose,
  add constraint a_shared_budget_has_a_known_purpose check (purpose in (
    'holds', 'offers', 'introductions', 'grants', 'advisories', 'clients', 'keys'));

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- Spends one of the budget that all clients of the caller's organisation share, of so many an hour, an hour of it at
-- once; what rolls back with its transaction was not spent. SQLSTATE WH001 if nothing is left, and as its detail the
-- seconds until one is.
create or replace function spend_budget(in_purpose text, in_per_hour integer) returns void
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  step constant interval := interval '1 hour' / in_per_hour;
  over interval;
begin
  if viewer_organisation() is null then
    raise insufficient_privilege using message = 'no context';
  end if;
  insert into organisation_budget as b (organisation_id, purpose, full_at)
    values (viewer_organisation(), in_purpose, clock_timestamp() + step)
    on conflict (organisation_id, purpose) do update
      set full_at = greatest(b.full_at, clock_timestamp()) + step
    returning b.full_at - clock_timestamp() - interval '1 hour' into over;
  if over > interval '0' then
    raise exception using errcode = 'WH001', message = 'a budget is spent',
      detail = greatest(1, ceil(extract(epoch from over)))::text;
  end if;
end
$$;
reset role;
revoke create on schema public from wayhouse_keeper;

-- runs beside old processes although drop: they reach it through spend_budget() alone, which no longer does
drop table budget;
delete from retention where table_name = 'budget';
