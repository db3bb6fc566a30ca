-- Whoever looked for the keys that an organisation seals or signs with read all that it has retired as well.

-- runs beside old processes although index: an organisation has some ten keys at a time, and publishes one seldom.
create index organisation_key_active on organisation_key (organisation_id, use) where retired_at is null;
