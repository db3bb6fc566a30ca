-- What an organisation does to others, or leaves for good, is counted for all its clients together: it registers as
-- many of those as it likes. Another one's streams end with each grant that is taken back; taking back is never
-- counted, so what is given is.

-- One row for each organisation and purpose, whose budget is whole again at full_at (GCRA): it never grows.
create table organisation_budget (
  organisation_id uuid not null
    constraint a_budget_is_of_an_organisation references organisation on delete cascade,
  purpose text not null
    constraint a_shared_budget_has_a_known_purpose
      check (purpose in ('grants', 'advisories', 'clients', 'keys')),
  full_at timestamptz not null,
  primary key (organisation_id, purpose)
);
alter table organisation_budget enable row level security;
alter table organisation_budget force row level security;
create policy keeper on organisation_budget to wayhouse_keeper using (true) with check (true);
grant select, insert, update (full_at) on organisation_budget to wayhouse_keeper;

insert into retention values
  ('organisation_budget', null, 'stays: one row for each organisation and purpose, and of it nothing but when it is whole again');

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- As before; of what is counted for an organisation, the budget of all its clients.
create or replace function spend_budget(in_purpose text, in_per_hour integer) returns void
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  step constant interval := interval '1 hour' / in_per_hour;
  over interval;
begin
  if viewer_client() is null then
    raise insufficient_privilege using message = 'no context';
  end if;
  if in_purpose in ('grants', 'advisories', 'clients', 'keys') then
    insert into organisation_budget as b (organisation_id, purpose, full_at)
      values (viewer_organisation(), in_purpose, clock_timestamp() + step)
      on conflict (organisation_id, purpose) do update
        set full_at = greatest(b.full_at, clock_timestamp()) + step
      returning b.full_at - clock_timestamp() - interval '1 hour' into over;
  else
    insert into budget as b (client_id, purpose, full_at)
      values (viewer_client(), in_purpose, clock_timestamp() + step)
      on conflict (client_id, purpose) do update
        set full_at = greatest(b.full_at, clock_timestamp()) + step
      returning b.full_at - clock_timestamp() - interval '1 hour' into over;
  end if;
  if over > interval '0' then
    raise exception using errcode = 'WH001', message = 'a budget is spent',
      detail = greatest(1, ceil(extract(epoch from over)))::text;
  end if;
end
$$;
reset role;
revoke create on schema public from wayhouse_keeper;
