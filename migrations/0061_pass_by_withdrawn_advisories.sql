-- Who asks what warns reads nothing of what was withdrawn, of which an issuer leaves as much as it likes.

-- runs beside old processes although index: some hundred advisories stand or are kept.
drop index advisory_by_country;
create index advisory_by_country on advisory (country, expires_at) where withdrawn_at is null;
