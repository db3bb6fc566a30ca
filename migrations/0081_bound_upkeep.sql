-- What an owner keeps up of what it shares is told to all that it shares with, and entered in its chain, each time.

-- runs beside old processes although validated constraint: the table has a row for each organisation and purpose
alter table organisation_budget
  drop constraint a_shared_budget_has_a_known_purpose,
  add constraint a_shared_budget_has_a_known_purpose check (purpose in (
    'holds', 'offers', 'introductions', 'grants', 'advisories', 'clients', 'keys', 'upkeep'));
