-- An invented network of any size, set by set. Sizes stand in settings: bench.organisations, shelters,
-- nights, handoffs, grants, and strangers_shelters, strangers_grants (more of what the caller of the bench may
-- not see). Organisation 1 is the caller: half of the others share with it. Every constraint holds, and what
-- nights count as held is what live holds hold.
create function pg_temp.n(setting text) returns integer language sql stable
  return current_setting('bench.' || setting)::integer;
create function pg_temp.id(kind text, n bigint) returns uuid language sql immutable
  return md5(kind || n)::uuid;
-- Spread without randomness: the same network every time.
create function pg_temp.spread(n bigint, salt integer, among integer) returns integer language sql immutable
  return (hashint8extended(n, salt) & 2147483647) % among;
create function pg_temp.country(n integer) returns text language sql immutable
  return (array['AM','GE','TR','RS','ME','KZ','UZ','LT','LV','PL'])[n + 1];
create function pg_temp.profile(n integer) returns text language sql immutable
  return (array['POLITICAL','CONSCIENTIOUS_OBJECTOR','DESERTER','JOURNALIST','RELATIVE','OTHER'])[n + 1];

insert into organisation (id, handle, identity_thumbprint, identity_jwk)
  select pg_temp.id('organisation', n), 'partner-' || to_char(n, 'FM000000'), 'thumbprint-' || n, '{}'
  from generate_series(1, pg_temp.n('organisations')) n;
insert into organisation_account (organisation_id, issuer, scopes)
  select pg_temp.id('organisation', n), 'https://partner-' || n || '.example', current_setting('bench.scopes')::text[]
  from generate_series(1, pg_temp.n('organisations')) n;
insert into organisation_key (organisation_id, kid, use, jwk)
  select pg_temp.id('organisation', n), current_setting('bench.kid'), 'SIGN', current_setting('bench.jwk')::jsonb
  from generate_series(1, pg_temp.n('organisations')) n;
insert into client (id, organisation_id, name, kind, scopes)
  select pg_temp.id('client', n), pg_temp.id('organisation', n), 'bot', 'BOT', current_setting('bench.scopes')::text[]
  from generate_series(1, pg_temp.n('organisations')) n;

-- Circles of ten.
insert into circle (id, name, steward_id)
  select pg_temp.id('circle', c), 'Circle ' || c, pg_temp.id('organisation', c * 10 + 1)
  from generate_series(0, (pg_temp.n('organisations') - 1) / 10) c;
insert into circle_member (circle_id, organisation_id)
  select pg_temp.id('circle', (n - 1) / 10), pg_temp.id('organisation', n)
  from generate_series(1, pg_temp.n('organisations')) n;

-- The first grants are the caller's, one from each of the nearer half: a third of them may be held
-- too, and a third are for two countries. The others give to one another.
create temporary table granted as
  select g as n, case when g <= pg_temp.n('organisations') / 2 - 1 then g + 1
      else pg_temp.n('organisations') / 2 + 1 + pg_temp.spread(g, 1, pg_temp.n('organisations') / 2) end as owner,
    case when g <= pg_temp.n('organisations') / 2 - 1 then 1 else 2 + g % (pg_temp.n('organisations') / 2 - 1) end as grantee,
    case when pg_temp.spread(g, 13, 3) = 0 then '{beds:read,beds:hold}'::text[] else '{beds:read}' end as scopes,
    case when pg_temp.spread(g, 14, 3) = 0 then '{AM,GE}'::text[] end as countries
  from generate_series(1, pg_temp.n('grants') + pg_temp.n('strangers_grants')) g;
insert into sharing_grant (id, owner_id, organisation_id, scopes, countries, valid_from)
  select pg_temp.id('grant', n), pg_temp.id('organisation', owner), pg_temp.id('organisation', grantee), scopes,
    countries, now() - interval '1 day'
  from granted;
insert into sharing_reach (grant_id, organisation_id, owner_id, scope, country, valid_from)
  select pg_temp.id('grant', n), pg_temp.id('organisation', grantee), pg_temp.id('organisation', owner), s, c,
    now() - interval '1 day'
  from granted, unnest(scopes) s, unnest(coalesce(countries, array[null]::text[])) c;

-- Strangers' shelters belong to the further half, which shares nothing with the caller.
insert into shelter (id, owner_id, label, country, locality, kind, features, beds, assured_at)
  select pg_temp.id('shelter', n),
    pg_temp.id('organisation', case when n <= pg_temp.n('shelters') then 1 + n % pg_temp.n('organisations')
      else pg_temp.n('organisations') / 2 + 1 + n % (pg_temp.n('organisations') / 2) end),
    'House ' || n, pg_temp.country(pg_temp.spread(n, 2, 10)), 'City ' || pg_temp.spread(n, 3, 5),
    (array['HOSTEL','APARTMENT','HOST_FAMILY','HOTEL'])[1 + n % 4],
    case when n % 2 = 0 then '{STEP_FREE}'::text[] else '{FAMILY_ROOM,CHILDREN_WELCOME}' end,
    10 + pg_temp.spread(n, 4, 30), now()
  from generate_series(1, pg_temp.n('shelters') + pg_temp.n('strangers_shelters')) n;
-- The last nights to the horizon, so that the clock has none to open. They are held to their keys all at once:
-- one by one a million take three times as long.
create temporary table put_off as
  select conname as name, pg_get_constraintdef(oid) as definition from pg_constraint
  where conrelid = 'bed_night'::regclass and contype in ('p', 'f');
do $$ begin
  execute (select 'alter table bed_night ' || string_agg('drop constraint ' || name, ', ') from put_off);
end $$;
insert into bed_night (shelter_id, night, owner_id, country, maximum, out_of_service)
  select s.id, today + 366 - d, s.owner_id, s.country, s.beds,
    case when hashtext(s.id::text) % 10 = 0 then s.beds else abs(hashint4(d)) % 8 end
  from shelter s, generate_series(1, pg_temp.n('nights')) d, (select (now() at time zone 'UTC')::date as today) t
  order by s.id, d desc;
do $$ begin
  execute (select 'alter table bed_night ' || string_agg(format('add constraint %s %s', name, definition), ', ') from put_off);
end $$;

-- Live holds at shelters of the nearer half, one bed for two nights.
create temporary table held as
  select h as n, s.id as shelter, s.owner_id as host,
    pg_temp.id('organisation', 1 + h % (pg_temp.n('organisations') / 2)) as holder,
    (now() at time zone 'UTC')::date + 366 - 20 - pg_temp.spread(h, 5, 20) as night
  from generate_series(1, pg_temp.n('shelters') / 4) h
  join shelter s on s.id = pg_temp.id('shelter', h * 4) and s.owner_id <> pg_temp.id('organisation', 1 + h % (pg_temp.n('organisations') / 2))
  where hashtext(s.id::text) % 10 <> 0;
insert into bed_hold (id, holder_id, host_id, status, expires_at, ends_on)
  select pg_temp.id('hold', n), holder, host, 'HELD', now() + interval '5 days', night + 2 from held;
insert into bed_stay (hold_id, position, holder_id, host_id, shelter_id, beds, check_in, check_out)
  select pg_temp.id('hold', n), 1, holder, host, shelter, 1, night, night + 2 from held;
update bed_night b set held = h.beds
  from (select shelter, night + d as night, count(*) as beds from held, generate_series(0, 1) d group by 1, 2) h
  where b.shelter_id = h.shelter and b.night = h.night;

-- One in twenty-five advisories is in force; none concerns the profile OTHER.
insert into advisory (id, issuer_id, country, risk_profiles, level, hazards, effective_from, expires_at)
  select pg_temp.id('advisory', n), pg_temp.id('organisation', 1 + n % pg_temp.n('organisations')),
    pg_temp.country(pg_temp.spread(n, 6, 10)), array[pg_temp.profile(pg_temp.spread(n, 7, 5))], 'AVOID', '{DETENTION}',
    now() - interval '1 day', now() + interval '90 days'
  from generate_series(1, 100) n;
insert into advisory_confirmation (advisory_id, issuer_id, organisation_id)
  select a.id, a.issuer_id, pg_temp.id('organisation', 2 + n % pg_temp.n('organisations'))
  from generate_series(25, 100, 25) n join advisory a on a.id = pg_temp.id('advisory', n)
  where a.issuer_id <> pg_temp.id('organisation', 2 + n % pg_temp.n('organisations'));

-- Two in five wait for one of two candidates, the others have a recipient; 2.4 needs each.
create temporary table offered as
  select h as n, 1 + h % pg_temp.n('organisations') as sender,
    1 + (h + 1 + pg_temp.spread(h, 8, pg_temp.n('organisations') - 2)) % pg_temp.n('organisations') as recipient,
    (array['REQUESTED','REQUESTED','ACCEPTED','IN_PROGRESS','COMPLETED'])[1 + pg_temp.spread(h, 9, 5)] as status
  from generate_series(1, pg_temp.n('handoffs')) h;
insert into handoff (id, sender_id, recipient_id, status, needs, risk_profile, adults, children, placement, priority,
    country, destinations, documents_held, window_start, window_end, consent_purpose, consent_given_at,
    consent_expires_at, consent_by_caregiver, acknowledge_by, decide_by)
  select pg_temp.id('handoff', n), pg_temp.id('organisation', sender),
    case when status <> 'REQUESTED' then pg_temp.id('organisation', recipient) end, status,
    (array['SHELTER','TRAVEL_DOCUMENT','LEGAL_DEFENCE','MEDICAL'])[1:case when n % 5 < 3 then 2 else 3 end],
    pg_temp.profile(pg_temp.spread(n, 10, 6)), 1 + n % 3, n % 2, 'TOGETHER', 'ROUTINE',
    pg_temp.country(pg_temp.spread(n, 11, 10)),
    array[pg_temp.country(pg_temp.spread(n, 12, 10)), pg_temp.country((pg_temp.spread(n, 12, 10) + 1) % 10)],
    '{NONE}', current_date + 7, current_date + 60, 'SHELTER', now() - interval '1 day', now() + interval '90 days', false,
    date_trunc('hour', now()) + interval '14 days', date_trunc('hour', now()) + interval '28 days'
  from offered;
insert into handoff_candidate (handoff_id, sender_id, organisation_id, is_open)
  select pg_temp.id('handoff', n), pg_temp.id('organisation', sender), pg_temp.id('organisation', c), status = 'REQUESTED'
  from offered, lateral (values (recipient), (1 + recipient % pg_temp.n('organisations'))) v (c) where c <> sender;
insert into handoff_transition (handoff_id, position, sender_id, status, party)
  select pg_temp.id('handoff', n), 1, pg_temp.id('organisation', sender), status, 'SENDER' from offered;
