-- Whether a replica knows enough to be believed: it and the primary are asked for the caller's mark, and what
-- the replica read is told only where both say the same.

-- runs beside old processes although index: revocations are rare, an index of all of them is built in milliseconds.
create index revocation_in_commit_order on revocation (transaction_id, id);

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- Who the caller is and what it may do; the newest of what was ever taken from anybody; the newest of what it
-- did itself and of what was done with it; what advisories forbid now. Null where a server cannot say: with a
-- transaction open that is older than these, a younger one may be known and an older one not yet; and close to
-- the moment at which a grant to the caller begins or ends, two clocks may not agree whether it has.
create function newest_mark() returns text
  language plpgsql stable security definer set search_path = public, pg_temp
as $$
declare
  viewer uuid := viewer_organisation();
  just_before timestamptz := now() - interval '2 seconds';
  just_after timestamptz := now() + interval '2 seconds';
  taken revocation;
  own event;
  shared event;
begin
  if viewer is null or exists (
    select from sharing_reach r where r.organisation_id = viewer
      and (r.valid_from between just_before and just_after
        or r.valid_until between just_before and just_after))
  then
    return null;
  end if;
  select * into taken from revocation r order by r.transaction_id desc, r.id desc limit 1;
  select * into own from event e
    where e.owner_id = viewer order by e.transaction_id desc, e.position desc limit 1;
  select * into shared from event e
    where e.party_id = viewer order by e.transaction_id desc, e.position desc limit 1;
  if greatest(taken.transaction_id, own.transaction_id, shared.transaction_id)
    >= pg_snapshot_xmin(pg_current_snapshot())
  then
    return null;
  end if;
  return row(
    viewer_client(), viewer_scopes(), taken.transaction_id, taken.id,
    own.transaction_id, own.position, shared.transaction_id, shared.position, closed_to_profiles())::text;
end
$$;
grant execute on function newest_mark() to wayhouse_api;

reset role;
revoke create on schema public from wayhouse_keeper;
