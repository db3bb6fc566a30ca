-- Whom one gave a grant of its own, it knows by that grant already (acquaintance). It was looked for among all that it
-- gave, too, a row for each scope and country: up to 5,000 for each, and every statement of the giver that asks whom it
-- knows read them all. Only whom it reaches through a circle that it may have left is told by nothing else.
-- runs beside old processes although index: it holds what is given to circles alone, and a million rows are read in a second.
create index sharing_reach_through_circle on sharing_reach (owner_id, organisation_id) where circle_id is not null;

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;
create or replace function acquaintances_of(in_organisation uuid) returns setof uuid
  language sql stable
begin atomic
  select a.other_id from acquaintance a where a.organisation_id = in_organisation
  union
  select other.organisation_id
    from circle_member mine join circle_member other using (circle_id)
    where mine.organisation_id = in_organisation
  union
  select r.owner_id from sharing_reach r
    where r.organisation_id = in_organisation and (r.valid_until is null or r.valid_until > now())
  union
  select r.organisation_id from sharing_reach r where r.owner_id = in_organisation and r.circle_id is not null
  union
  select c.sender_id from handoff_candidate c where c.organisation_id = in_organisation and c.is_open;
end;
reset role;
revoke create on schema public from wayhouse_keeper;
