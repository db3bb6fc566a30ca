-- When this one said that it has read the offer: the others are not to see that there is another.
alter table handoff_candidate add column acknowledged_at timestamptz;
grant update (acknowledged_at) on handoff_candidate to wayhouse_api;

-- Not for a moment longer than consent is in force; the purge takes it away within minutes.
alter policy opened_by_its_recipient on handoff_envelope using (
  recipient_id = (select viewer_organisation()) and (select viewer_may('handoffs:receive'))
  and exists (select from handoff h where h.id = handoff_id and h.consent_expires_at > now()));

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- To whom an envelope of an own contact is sealed: one that may have it revealed. A public key can be published
-- by others, too, who cannot open what is sealed to it: whoever published it first is meant.
create function recipient_of_contact(in_contact uuid, in_kid text) returns uuid
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select k.organisation_id from organisation_key k
    where k.kid = in_kid and k.use = 'SEAL' and k.retired_at is null
      and k.organisation_id in (select acquaintances_of(viewer_organisation()))
      and may_be_revealed_to(in_contact, k.organisation_id)
    order by k.published_at, k.organisation_id limit 1;
end;
grant execute on function recipient_of_contact(uuid, text) to wayhouse_api;

-- Whoever ties the two anew finds that they are acquainted and leaves it at that: what it has not committed yet is
-- waited for before they are forgotten, and nobody ties anybody until they are.
create or replace function forget_acquaintance() returns trigger
  language plpgsql security definer set search_path = public, pg_temp
as $$
declare
  one uuid := (to_jsonb(old) ->> tg_argv[0])::uuid;
  other uuid := (to_jsonb(old) ->> tg_argv[1])::uuid;
begin
  if not exists (
    select from acquaintance a
      where (a.organisation_id = one and a.other_id = other or a.organisation_id = other and a.other_id = one)
        and not exists (select from lasting_ties_of(a.organisation_id) k where k = a.other_id))
  then
    return null;
  end if;
  lock table acquaintance in share row exclusive mode;
  delete from acquaintance a
    where (a.organisation_id = one and a.other_id = other or a.organisation_id = other and a.other_id = one)
      and not exists (select from lasting_ties_of(a.organisation_id) k where k = a.other_id);
  return null;
end
$$;

reset role;
revoke create on schema public from wayhouse_keeper;
