-- What is live is what a dashboard asks for all day, and to find it all was read that had ended in the last thirty days. Each
-- hold is in as many indexes as before: a list of all is both halves, in the order of their ids.

drop index bed_hold_by_holder;
-- runs beside old processes although index: what ended is kept for thirty days, and a hundred thousand are read in a moment.
create index bed_hold_live_by_holder on bed_hold (holder_id, (status in ('HELD', 'CONFIRMED')), id);
