-- Append-only; each entry is signed by the organisation's identity key, bound to its place, and holds
-- the hash of the one before: the server shows the log, it cannot write one.
create table key_log_entry (
  organisation_id uuid not null
    constraint a_log_is_of_an_organisation references organisation on delete cascade,
  sequence integer not null
    constraint a_log_counts_from_one check (sequence > 0),
  kid text not null,
  change text not null
    constraint a_key_is_published_or_retired check (change in ('PUBLISHED', 'RETIRED')),
  statement text not null,
  previous_hash text not null,
  hash text not null,
  primary key (organisation_id, sequence),
  constraint a_key_is_published_and_retired_once unique (organisation_id, kid, change)
);
alter table organisation_key add column statement text;

alter table key_log_entry enable row level security;
alter table key_log_entry force row level security;
create policy keeper on key_log_entry to wayhouse_keeper using (true) with check (true);

create policy seen_by_those_tied_to_it on key_log_entry for select to wayhouse_api using (
  organisation_id = (select viewer_organisation()) or (select viewer_may('network:admin'))
  or organisation_id = any (array(select viewer_acquaintances())));
create policy appended_by_itself on key_log_entry for insert to wayhouse_api
  with check (organisation_id = (select viewer_organisation()) and (select viewer_may('keys:manage')));
grant select, insert on key_log_entry to wayhouse_api;

-- To seal to an organisation one needs its sealing keys; how it signs its tokens is its own.
create policy sealing_keys_seen_by_those_tied_to_it on organisation_key for select to wayhouse_api
  using (use = 'SEAL' and organisation_id = any (array(select viewer_acquaintances())));
create policy published_by_itself on organisation_key for insert to wayhouse_api
  with check (organisation_id = (select viewer_organisation()) and (select viewer_may('keys:manage')));
create policy retired_by_itself on organisation_key for update to wayhouse_api
  using (organisation_id = (select viewer_organisation()) and (select viewer_may('keys:manage')));
grant update (retired_at, statement) on organisation_key to wayhouse_api;
