-- A hold went on taking nights after one of its stays had lacked one. That night it had passed by without a lock, with
-- later ones locked: where another stay, of fewer beds, could be met there, it went back in the order of nights, and it and
-- another hold could each wait for the other.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- As before, but nothing is taken once a night was lacking: what else is lacking is read.
create or replace function take_beds(
  in_hold uuid, in_minutes integer, in_risk_profile text, in_case_reference uuid,
  in_shelters uuid[], in_beds integer[], in_check_ins date[], in_check_outs date[],
  in_apart_references uuid[], in_apart_holds uuid[],
  out id uuid, out holder_id uuid, out host_id uuid, out expires_at timestamptz, out status text,
  out holder_handle text, out holder_status text, out holder_thumbprint text,
  out host_handle text, out host_status text, out host_thumbprint text
) language plpgsql security definer set search_path = public, pg_temp
  set enable_bitmapscan = off set enable_indexscan = on set enable_seqscan = off
as $$
#variable_conflict use_column
declare
  viewer uuid := viewer_organisation();
  owners uuid[];
  countries text[];
  most_nights integer[];
  locked text;
  one record;
  name text;
  apart uuid;
  turns integer[] := array[1];
  i integer;
  taken integer;
  lacking integer;
  until timestamptz := now() + make_interval(mins => in_minutes);
begin
  if viewer is null or not viewer_may('beds:hold') then
    raise insufficient_privilege using message = 'no beds:hold';
  end if;
  select array_agg(s.owner_id order by i.n), array_agg(s.country order by i.n),
      array_agg(s.max_stay_nights order by i.n)
    into owners, countries, most_nights
    from unnest(in_shelters) with ordinality i (id, n)
    cross join lateral (select * from shelter s where s.id = i.id limit 1) s
    where s.owner_id = viewer or exists (
      select from reach_of_viewer() r
        where r.owner_id = s.owner_id and r.scope = 'beds:hold'
          and (r.country is null or r.country = s.country));
  if cardinality(owners) is distinct from cardinality(in_shelters) then
    raise insufficient_privilege using message = 'no such shelter';
  end if;
  for i in 1 .. cardinality(owners) loop
    if owners[i] <> owners[1] or in_check_outs[i] - in_check_ins[i] > most_nights[i] then
      raise exception using errcode = 'WH002', message = 'the stays do not fit',
        detail = jsonb_build_object('unfit', (
          select jsonb_agg(jsonb_build_object('owner_id', u.owner, 'max_stay_nights', u.most) order by u.n)
            from unnest(owners, most_nights) with ordinality u (owner, most, n)));
    end if;
  end loop;

  -- An advisory published now waits for this, or this for it.
  if cardinality(countries) = 1 then
    locked := pg_advisory_xact_lock_shared(hashtextextended('advisory:' || countries[1], 0));
  else
    for name in select distinct c from unnest(countries) c order by c loop
      locked := pg_advisory_xact_lock_shared(hashtextextended('advisory:' || name, 0));
    end loop;
  end if;
  for one in
    select a.id, a.issuer_id from advisory a
      where a.country = any (countries) and in_risk_profile = any (a.risk_profiles) and advisory_in_force(a)
      order by a.id
  loop
    if one.issuer_id = viewer
      or exists (select from acquaintances_of(viewer) k where k = one.issuer_id) then
      raise exception using errcode = 'WH002', message = 'an advisory is in force',
        detail = jsonb_build_object('advisory', one.id);
    end if;
  end loop;

  if in_case_reference is not null or cardinality(in_apart_references || in_apart_holds) > 0 then
    -- Of two holds that name each other's cases one waits here for the other. Always in one order.
    for name in
      select distinct r from unnest(in_apart_references || in_case_reference) r where r is not null order by r
    loop
      perform pg_advisory_xact_lock(hashtextextended('case:' || viewer || ':' || name, 0));
    end loop;
    if exists (
      select from unnest(in_apart_holds) a
        where not exists (select from bed_hold h where h.id = a and h.holder_id = viewer)) then
      raise insufficient_privilege using message = 'no such hold';
    end if;
    select i.shelter into apart
      from unnest(in_shelters, in_check_ins, in_check_outs) with ordinality i (shelter, check_in, check_out, n)
      join bed_stay s on s.holder_id = viewer and s.shelter_id = i.shelter
        and s.check_in < i.check_out and s.check_out > i.check_in
      join bed_hold h on h.id = s.hold_id
      left join bed_hold_reference r on r.hold_id = h.id
      where (h.id = any (in_apart_holds) or r.case_reference = any (in_apart_references))
        and hold_status(h.status, h.expires_at, h.ends_on) in ('HELD', 'CONFIRMED')
      order by i.n limit 1;
    if apart is not null then
      raise exception using errcode = 'WH002', message = 'they are kept apart',
        detail = jsonb_build_object('keptApart', apart);
    end if;
  end if;

  -- Nights are taken in one order, that of their key; each of two stays at once takes its own beds of a night.
  if cardinality(owners) > 1 then
    turns := array(
      select i.n from unnest(in_shelters, in_check_ins) with ordinality i (shelter, check_in, n)
        order by i.shelter, i.check_in);
  end if;
  foreach i in array turns loop
    if lacking is null then
      update bed_night b set held = b.held + in_beds[i]
        where b.shelter_id = in_shelters[i] and b.night >= in_check_ins[i] and b.night < in_check_outs[i]
          and b.maximum - b.held - b.occupied - b.out_of_service >= in_beds[i];
      get diagnostics taken = row_count;
    else
      -- The night that was lacking is not locked, and later ones are: to take it for another stay would be to go back.
      taken := (
        select count(*) from bed_night b
          where b.shelter_id = in_shelters[i] and b.night >= in_check_ins[i] and b.night < in_check_outs[i]
            and b.maximum - b.held - b.occupied - b.out_of_service >= in_beds[i]);
    end if;
    if taken < in_check_outs[i] - in_check_ins[i] then
      lacking := least(lacking, i);
    end if;
  end loop;
  if lacking is not null then
    raise exception using errcode = 'WH002', message = 'the beds are not free',
      detail = jsonb_build_object('exhausted', in_shelters[lacking]);
  end if;

  -- After the nights: it makes the two acquainted, and whoever has done that waits for nothing but audit chains.
  insert into bed_hold (id, holder_id, host_id, status, expires_at, ends_on)
    values (in_hold, viewer, owners[1], 'HELD', until, (select max(c) from unnest(in_check_outs) c));
  if in_case_reference is not null then
    insert into bed_hold_reference values (in_hold, viewer, owners[1], in_case_reference);
  end if;
  for i in 1 .. cardinality(owners) loop
    insert into bed_stay (hold_id, position, holder_id, host_id, shelter_id, beds, check_in, check_out)
      values (in_hold, i, viewer, owners[1], in_shelters[i], in_beds[i], in_check_ins[i], in_check_outs[i]);
  end loop;

  select in_hold, viewer, owners[1], until, 'HELD',
      holder.handle, holder.status, holder.identity_thumbprint,
      host.handle, host.status, host.identity_thumbprint
    into id, holder_id, host_id, expires_at, status,
      holder_handle, holder_status, holder_thumbprint, host_handle, host_status, host_thumbprint
    from organisation holder
    cross join lateral (select * from organisation o where o.id = owners[1] limit 1) host
    where holder.id = viewer;
end
$$;

reset role;
revoke create on schema public from wayhouse_keeper;
