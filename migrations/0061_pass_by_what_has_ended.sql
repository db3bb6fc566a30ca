-- What has ended and is still kept is read by nobody who asks for what stands: an issuer can publish and withdraw
-- without end, and an organisation register and revoke.

-- runs beside old processes although index: some hundred advisories, and of clients a few dozen for each organisation.
drop index advisory_by_country;
create index advisory_by_country on advisory (country, expires_at) where withdrawn_at is null;
drop index advisory_by_issuer;
create index advisory_by_issuer on advisory (issuer_id, expires_at) where withdrawn_at is null;
create index advisory_by_end on advisory (least(withdrawn_at, expires_at));
create index client_by_end on client (organisation_id, revoked_at);
