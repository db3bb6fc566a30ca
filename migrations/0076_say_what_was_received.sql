-- Which envelope was received, for as long as the handoff is kept: it is deleted, and several may have been sealed. A
-- recipient of many hands files the one that was received, and its sender learns which one that is.
alter table handoff add column received_digest bytea
  constraint a_receipt_names_an_envelope check (octet_length(received_digest) = 32);
grant update (received_digest) on handoff to wayhouse_api;
