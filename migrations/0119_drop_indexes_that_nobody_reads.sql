-- What these found others find: those of a chain the two that leave out whose chain it is, and shelters the index of country
-- and owner, of whom a search knows whose it may see. Each was written with every row.

drop index audit_entry_by_actor;
drop index audit_entry_by_owner;
drop index shelter_by_country;
