-- A sealing is told to its recipient and entered in both chains each time, as often as whoever seals likes.

-- runs beside old processes although validated constraint: the table has a row for each organisation and purpose
alter table organisation_budget
  drop constraint a_shared_budget_has_a_known_purpose,
  add constraint a_shared_budget_has_a_known_purpose check (purpose in (
    'holds', 'offers', 'introductions', 'grants', 'advisories', 'clients', 'keys', 'upkeep', 'sealings'));

grant update (label, locality) on shelter to wayhouse_api;
