-- The purge looks for what is due, every ten minutes, without reading all that is kept.

-- runs beside old processes although index: some hundred advisories stand or are kept.
create index advisory_by_end on advisory (least(withdrawn_at, expires_at));
