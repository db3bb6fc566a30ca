-- How many revocations an organisation has suffered is asked for all that listen, five times a second. Anybody who
-- shares a circle with it can give it something and take it back again, as often as it likes: what is long over
-- is one row, which counts for as many as it stands for.
alter table revocation
  add column weight bigint not null default 1,
  add column at timestamptz not null default now();
grant delete on revocation to wayhouse_keeper;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

create or replace function epoch_of(in_organisation uuid) returns bigint
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select coalesce(sum(r.weight), 0)::bigint from revocation r where r.organisation_id = in_organisation;
end;

-- Only what no answer under way can still be older than. How many rows there are fewer.
create function sum_up_revocations() returns integer
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  fewer integer;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('revocations', 0)) then
    return 0;
  end if;
  with many as (
    select r.organisation_id from revocation r group by 1 having count(*) > 100
  ), over as (
    delete from revocation r using many m
      where r.organisation_id = m.organisation_id and r.at < now() - interval '1 minute'
        and r.transaction_id < pg_snapshot_xmin(pg_current_snapshot())
      returning r.organisation_id, r.transaction_id, r.weight, r.at
  ), kept as (
    insert into revocation (organisation_id, transaction_id, weight, at)
      select o.organisation_id, max(o.transaction_id), sum(o.weight), max(o.at) from over o group by 1
      returning 1)
  select (select count(*) from over) - (select count(*) from kept) into fewer;
  return fewer;
end
$$;
grant execute on function sum_up_revocations() to wayhouse_api;

reset role;
revoke create on schema public from wayhouse_keeper;
