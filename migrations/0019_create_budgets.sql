-- What a stolen token would be used up for is counted where no process forgets it.

-- One row for each client and purpose, whose budget is whole again at full_at (GCRA): it never grows.
create table budget (
  client_id uuid not null
    constraint a_budget_is_of_a_client references client on delete cascade,
  purpose text not null
    constraint a_budget_has_a_known_purpose check (purpose in ('holds', 'offers', 'introductions')),
  full_at timestamptz not null,
  primary key (client_id, purpose)
);
alter table budget enable row level security;
alter table budget force row level security;
create policy keeper on budget to wayhouse_keeper using (true) with check (true);
grant select, insert, update (full_at) on budget to wayhouse_keeper;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- Spends one of the caller's budget of so many an hour, an hour of it at once; what rolls back with its
-- transaction was not spent. SQLSTATE WH001 if nothing is left, and as its detail the seconds until one is.
create function spend_budget(in_purpose text, in_per_hour integer) returns void
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  step constant interval := interval '1 hour' / in_per_hour;
  over interval;
begin
  if viewer_client() is null then
    raise insufficient_privilege using message = 'no context';
  end if;
  insert into budget as b (client_id, purpose, full_at)
    values (viewer_client(), in_purpose, clock_timestamp() + step)
    on conflict (client_id, purpose) do update
      set full_at = greatest(b.full_at, clock_timestamp()) + step
    returning b.full_at - clock_timestamp() - interval '1 hour' into over;
  if over > interval '0' then
    raise exception using errcode = 'WH001', message = 'a budget is spent',
      detail = greatest(1, ceil(extract(epoch from over)))::text;
  end if;
end
$$;
grant execute on function spend_budget(text, integer) to wayhouse_api;
reset role;
revoke create on schema public from wayhouse_keeper;
