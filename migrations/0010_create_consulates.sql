-- A consulate contact: coded facts for those it is shared with. Names, phones and channels exist only
-- as envelopes, one for each organisation that may see them.
create table consulate_contact (
  id uuid primary key default gen_random_uuid(),
  owner_id uuid not null
    constraint a_contact_is_of_an_owner references organisation on delete restrict,
  -- whose mission, and where it stands
  representing text not null
    constraint a_mission_represents_a_country check (representing ~ '^[A-Z]{2}$'),
  country text not null
    constraint a_mission_stands_in_a_country check (country ~ '^[A-Z]{2}$'),
  locality text not null
    constraint a_mission_stands_in_a_city check (char_length(locality) between 1 and 80),
  documents text[] not null
    constraint a_mission_issues_known_documents check (documents <@
      '{HUMANITARIAN_VISA,SUBSTITUTE_TRAVEL_DOCUMENT,SCHENGEN_VISA,NATIONAL_VISA}'),
  risk_profiles text[] not null,
  languages text[] not null,
  lead_time_days integer
    constraint a_document_takes_some_days check (lead_time_days between 0 and 730),
  programme text not null default 'ACTIVE'
    constraint a_programme_is_active_paused_or_closed check (programme in ('ACTIVE', 'PAUSED', 'CLOSED')),
  assured_at timestamptz not null default now(),
  review_by timestamptz not null,
  constraint a_contact_has_one_owner_and_country unique (id, owner_id, country)
);
create index consulate_contact_by_owner on consulate_contact (owner_id, id);
create index consulate_contact_by_country on consulate_contact (country, id);

create table consulate_envelope (
  contact_id uuid not null
    constraint an_envelope_is_of_a_contact references consulate_contact on delete cascade,
  recipient_id uuid not null
    constraint a_contact_is_sealed_to_a_recipient references organisation on delete cascade,
  envelope text not null,
  sealed_at timestamptz not null default now(),
  primary key (contact_id, recipient_id)
);

-- What was revealed to whom, and when: a budget that no process can forget.
create table consulate_reveal (
  id bigint generated always as identity primary key,
  organisation_id uuid not null
    constraint a_reveal_is_to_an_organisation references organisation on delete cascade,
  client_id uuid not null
    constraint a_reveal_is_by_a_client references client on delete cascade,
  contact_id uuid not null
    constraint a_reveal_is_of_a_contact references consulate_contact on delete cascade,
  purpose text not null,
  at timestamptz not null default clock_timestamp()
);
create index consulate_reveal_by_organisation on consulate_reveal (organisation_id, at);
create index consulate_reveal_by_age on consulate_reveal (at);

alter table consulate_contact enable row level security;
alter table consulate_contact force row level security;
alter table consulate_envelope enable row level security;
alter table consulate_envelope force row level security;
alter table consulate_reveal enable row level security;
alter table consulate_reveal force row level security;
create policy keeper on consulate_contact to wayhouse_keeper using (true) with check (true);
create policy keeper on consulate_envelope to wayhouse_keeper using (true) with check (true);
create policy keeper on consulate_reveal to wayhouse_keeper using (true) with check (true);
grant select on consulate_contact to wayhouse_keeper;
grant select, insert, update (envelope, sealed_at) on consulate_envelope to wayhouse_keeper;
grant select, insert, delete on consulate_reveal to wayhouse_keeper;

create policy seen_by_owner_and_those_it_is_shared_with on consulate_contact for select to wayhouse_api using (
  owner_id = (select viewer_organisation())
    and (select viewer_may('consulates:read', 'consulates:reveal', 'consulates:manage'))
  or owner_id = any (array(select viewer_reach_everywhere('consulates:read', 'consulates:reveal')))
  or (owner_id, country) in (
    select r.owner_id, r.country from viewer_reach_by_country('consulates:read', 'consulates:reveal') r));
create policy published_by_its_owner on consulate_contact for insert to wayhouse_api
  with check (owner_id = (select viewer_organisation()) and (select viewer_may('consulates:manage')));
create policy assured_by_its_owner on consulate_contact for update to wayhouse_api
  using (owner_id = (select viewer_organisation()) and (select viewer_may('consulates:manage')));
grant select, insert, update (programme, review_by, assured_at) on consulate_contact to wayhouse_api;

-- Nobody reads envelopes or reveals but through the functions below.
grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- To whom the caller may seal this contact of its own: whoever a grant lets reveal it.
create function may_be_revealed_to(in_contact uuid, in_organisation uuid) returns boolean
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select exists (
    select from consulate_contact c
      join sharing_reach r on r.owner_id = c.owner_id and r.organisation_id = in_organisation
        and r.scope = 'consulates:reveal' and (r.country is null or r.country = c.country)
        and r.valid_from <= now() and (r.valid_until is null or r.valid_until > now())
      where c.id = in_contact and c.owner_id = viewer_organisation() and viewer_may('consulates:manage'));
end;

-- Whose active sealing key this is, among those the caller shares something with.
create function recipient_of_kid(in_kid text) returns uuid
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select k.organisation_id from organisation_key k
    where k.kid = in_kid and k.use = 'SEAL' and k.retired_at is null
      and k.organisation_id in (select acquaintances_of(viewer_organisation()))
    limit 1;
end;

create function put_consulate_envelope(in_contact uuid, in_recipient uuid, in_envelope text) returns void
  language sql volatile security definer set search_path = public, pg_temp
begin atomic
  insert into consulate_envelope (contact_id, recipient_id, envelope)
    select in_contact, in_recipient, in_envelope where may_be_revealed_to(in_contact, in_recipient)
    on conflict (contact_id, recipient_id)
      do update set envelope = excluded.envelope, sealed_at = clock_timestamp();
end;

-- Spends a reveal and answers with the envelope, if there is one for the caller's organisation. No row:
-- nothing the caller may have revealed. wait_seconds: the budget is spent, nothing was.
create function reveal_contact(
  in_contact uuid, in_purpose text, in_per_client integer, in_per_organisation integer, in_window interval
) returns table (owner_id uuid, envelope text, wait_seconds integer)
  language plpgsql volatile security definer set search_path = public, pg_temp
as $$
declare
  the_contact consulate_contact;
  since timestamptz := clock_timestamp() - in_window;
  frees_at timestamptz;
begin
  select c.* into the_contact from consulate_contact c where c.id = in_contact;
  if the_contact.id is null or not viewer_may('consulates:reveal')
    or the_contact.owner_id = viewer_organisation()
    or not exists (
      select from viewer_reach('consulates:reveal') r
        where r.owner_id = the_contact.owner_id and (r.country is null or r.country = the_contact.country))
  then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('reveal:' || viewer_organisation(), 0));
  select greatest(
      (select r.at from consulate_reveal r
        where r.organisation_id = viewer_organisation() and r.at > since
        order by r.at desc offset in_per_organisation - 1 limit 1),
      (select r.at from consulate_reveal r
        where r.organisation_id = viewer_organisation() and r.client_id = viewer_client() and r.at > since
        order by r.at desc offset in_per_client - 1 limit 1))
    into frees_at;
  owner_id := the_contact.owner_id;
  if frees_at is not null then
    wait_seconds := greatest(1, ceil(extract(epoch from frees_at + in_window - clock_timestamp())));
    return next;
    return;
  end if;
  insert into consulate_reveal (organisation_id, client_id, contact_id, purpose)
    values (viewer_organisation(), viewer_client(), in_contact, in_purpose);
  select e.envelope into envelope from consulate_envelope e
    where e.contact_id = in_contact and e.recipient_id = viewer_organisation();
  return next;
end
$$;

-- The same again for a call that is repeated: it was counted and written down the first time.
create function revealed_envelope(in_contact uuid, in_window interval) returns text
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select e.envelope from consulate_envelope e join consulate_contact c on c.id = e.contact_id
    where e.contact_id = in_contact and e.recipient_id = viewer_organisation()
      and exists (
        select from viewer_reach('consulates:reveal') r
        where r.owner_id = c.owner_id and (r.country is null or r.country = c.country))
      and exists (
        select from consulate_reveal v
        where v.contact_id = in_contact and v.client_id = viewer_client()
          and v.organisation_id = viewer_organisation() and v.at > now() - in_window);
end;

create function purge_reveals(in_older_than interval) returns bigint
  language sql volatile security definer set search_path = public, pg_temp
begin atomic
  with gone as (delete from consulate_reveal where at < now() - in_older_than returning 1)
  select count(*) from gone;
end;

grant execute on function
    may_be_revealed_to(uuid, uuid), recipient_of_kid(text), put_consulate_envelope(uuid, uuid, text),
    reveal_contact(uuid, text, integer, integer, interval), revealed_envelope(uuid, interval), purge_reveals(interval)
  to wayhouse_api;
reset role;
revoke create on schema public from wayhouse_keeper;
