-- Each purge of what is sealed of contacts read all of it word by word again: what was to be looked up by its key was compared
-- with every key in use, which took two seconds for some 40,000.

grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;

-- As before, but which keys are gone is known before what is sealed to one is looked up by it, and what is sealed of a contact
-- is looked up by the contact. Who may still have it revealed is compared for all at once. The planner takes keys that are gone
-- for many, and would compile what runs for a moment.
create or replace function purge_consulate_envelopes(in_limit integer) returns table (parties uuid[])
  language sql volatile set search_path = public, pg_temp set enable_seqscan = on set jit = off
begin atomic
  with recursive used as (
      (select e.recipient_id, coalesce(envelope_kid(e.envelope), '') as kid from consulate_envelope e
        order by e.recipient_id, coalesce(envelope_kid(e.envelope), '') limit 1)
      union all
      select n.recipient_id, n.kid from used u
        cross join lateral (
          select e.recipient_id, coalesce(envelope_kid(e.envelope), '') as kid from consulate_envelope e
            where (e.recipient_id, coalesce(envelope_kid(e.envelope), '')) > (u.recipient_id, u.kid)
            order by e.recipient_id, coalesce(envelope_kid(e.envelope), '') limit 1) n),
    gone as materialized (
      select u.recipient_id, u.kid from used u
        where not exists (
          select from organisation_key k
            where k.organisation_id = u.recipient_id and k.kid = u.kid and k.use = 'SEAL' and k.retired_at is null)),
    past as (
      select e.contact_id, e.recipient_id
        from consulate_envelope e join consulate_contact c on c.id = e.contact_id
        where not exists (
          select from sharing_reach r
            where r.owner_id = c.owner_id and r.organisation_id = e.recipient_id and r.scope = 'consulates:reveal'
              and (r.country is null or r.country = c.country) and (r.valid_until is null or r.valid_until > now()))
      union all
      select e.contact_id, e.recipient_id
        from consulate_contact c
        cross join lateral (
          select e.contact_id, e.recipient_id from consulate_envelope e where e.contact_id = c.id offset 0) e
        where c.programme = 'CLOSED'
          or c.review_by < (select due_before('consulate_envelope')) - interval '180 days'
      union all
      select e.contact_id, e.recipient_id
        from gone g
        cross join lateral (
          select e.contact_id, e.recipient_id from consulate_envelope e
            where e.recipient_id = g.recipient_id and coalesce(envelope_kid(e.envelope), '') = g.kid offset 0) e),
    due as (
      select e.contact_id, e.recipient_id, e.ctid as place, c.owner_id
        from (select distinct p.contact_id, p.recipient_id from past p limit in_limit) p
        join consulate_envelope e on e.contact_id = p.contact_id and e.recipient_id = p.recipient_id
        join consulate_contact c on c.id = e.contact_id
        for update of e skip locked),
    deleted as (
      delete from consulate_envelope e using due
        where e.contact_id = due.contact_id and e.recipient_id = due.recipient_id and e.ctid = due.place
        returning due.owner_id)
  select array[d.owner_id] from deleted d;
end;

reset role;
revoke create on schema public from wayhouse_keeper;
