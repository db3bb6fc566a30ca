-- As offers, so what was accepted.

drop index handoff_by_recipient;
-- runs beside old processes although index: a network has some ten thousand handoffs of a month, which are read in a moment.
create index handoff_live_by_recipient
  on handoff (recipient_id, (status in ('REQUESTED', 'ACCEPTED', 'IN_PROGRESS', 'ON_HOLD')), id);
