-- An organisation's clients stay when they are revoked: those that stand, and the last of the others, are found
-- without the rest.

-- runs beside old processes although index: a few dozen clients for each organisation.
create index client_by_end on client (organisation_id, revoked_at);
