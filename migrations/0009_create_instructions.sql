-- Check-in instructions, sealed by the host to the holder; gone with the hold.
create table bed_hold_instruction (
  hold_id uuid primary key,
  holder_id uuid not null,
  host_id uuid not null,
  envelope text not null,
  constraint instructions_are_of_a_hold foreign key (hold_id, holder_id, host_id)
    references bed_hold (id, holder_id, host_id) on delete cascade
);
alter table bed_hold_instruction enable row level security;
alter table bed_hold_instruction force row level security;
create policy keeper on bed_hold_instruction to wayhouse_keeper using (true) with check (true);
create policy opened_by_the_holder on bed_hold_instruction for select to wayhouse_api
  using (holder_id = (select viewer_organisation()) and (select viewer_may('beds:hold')));
grant select on bed_hold_instruction to wayhouse_api;
grant select, insert, update (envelope), delete on bed_hold_instruction to wayhouse_keeper;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- Locks a hold of which the caller is the host: whose it is and what it is now. No row for anyone else.
create function lock_hosted_hold(in_hold uuid) returns table (holder_id uuid, status text)
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
begin
  return query
    select h.holder_id, hold_status(h.status, h.expires_at, h.ends_on) from bed_hold h
      where h.id = in_hold and h.host_id = viewer_organisation() and viewer_may('beds:manage')
      for update;
end
$$;

create function put_instructions(in_hold uuid, in_envelope text) returns void
  language sql volatile security definer set search_path = public, pg_temp
begin atomic
  insert into bed_hold_instruction (hold_id, holder_id, host_id, envelope)
    select h.id, h.holder_id, h.host_id, in_envelope from bed_hold h
    where h.id = in_hold and h.host_id = viewer_organisation() and viewer_may('beds:manage')
    on conflict (hold_id) do update set envelope = excluded.envelope;
end;

create function drop_instructions() returns trigger
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
begin
  delete from bed_hold_instruction i where i.hold_id = new.id;
  return null;
end
$$;
grant execute on function lock_hosted_hold(uuid), put_instructions(uuid, text) to wayhouse_api;
do $$ begin execute format('grant execute on function drop_instructions() to %I', session_user); end $$;
reset role;
revoke create on schema public from wayhouse_keeper;

create trigger instructions_go_with_their_hold after update of status on bed_hold
  for each row when (new.status not in ('HELD', 'CONFIRMED')) execute function drop_instructions();
