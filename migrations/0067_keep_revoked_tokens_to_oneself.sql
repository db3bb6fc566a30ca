-- That an organisation revoked a token is nobody else's business, and told to all who may know it, it could be told
-- two hundred times a second. An event of an organisation that names a party is for that one and its owner alone.
alter policy seen_with_its_subject on event using (
  case subject_type
    when 'Handoff' then (select viewer_organisation()) in (owner_id, party_id)
      and exists (select from handoff h where h.id = subject_id)
    when 'BedHold' then (select viewer_organisation()) in (owner_id, party_id)
      and exists (select from bed_hold h where h.id = subject_id)
    when 'SharingGrant' then (select viewer_organisation()) in (owner_id, party_id)
      and exists (select from sharing_grant g where g.id = subject_id)
    when 'Client' then owner_id = (select viewer_organisation())
      and exists (select from client c where c.id = subject_id)
    when 'Circle' then owner_id = (select viewer_organisation())
      and (select viewer_may('organisations:read')) and exists (select from circle c where c.id = subject_id)
    when 'Shelter' then exists (select from shelter s where s.id = subject_id)
    when 'ConsulateContact' then
      case kind
        when 'CONSULATE_CHANGED' then party_id is null or (select viewer_organisation()) in (owner_id, party_id)
        when 'REVEAL_WANTED' then owner_id = (select viewer_organisation()) and (select viewer_may('consulates:manage'))
        else (select viewer_organisation()) in (owner_id, party_id)
      end and exists (select from consulate_contact c where c.id = subject_id)
    when 'Advisory' then (select viewer_may('advisories:read'))
      and exists (select from advisory a where a.id = subject_id)
    when 'Organisation' then (select viewer_may('organisations:read'))
      and (party_id is null or (select viewer_organisation()) in (owner_id, party_id))
      and exists (select from organisation o where o.id = subject_id)
    else false
  end);

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- As before, but nobody is woken by what is not for it.
create or replace function stream_pulse(in_transaction xid8, in_organisations uuid[])
  returns table (horizon xid8, organisation_id uuid, epoch bigint, is_concerned boolean)
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  with h as materialized (select pg_snapshot_xmin(pg_current_snapshot()) as horizon),
    fresh as materialized (
      select e.subject_type, e.subject_id, e.owner_id, e.party_id from h, event e
        where e.transaction_id >= in_transaction and e.transaction_id < h.horizon)
  select h.horizon, o.id, epoch_of(o.id), exists (
      select from fresh e
        where o.id in (e.owner_id, e.party_id)
          or e.subject_type = 'Advisory' or e.subject_type = 'Organisation' and e.party_id is null
          or e.subject_type in ('Shelter', 'ConsulateContact') and (
            exists (select from sharing_reach r where r.owner_id = e.owner_id and r.organisation_id = o.id)
            or exists (select from bed_stay s where s.holder_id = o.id and s.shelter_id = e.subject_id)))
    from h left join unnest(in_organisations) as o (id) on true;
end;

reset role;
revoke create on schema public from wayhouse_keeper;
