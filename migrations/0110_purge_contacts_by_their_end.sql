-- Each purge of contacts looked at all of them.

-- runs beside old processes although index: contacts are some thousand rows, and a programme is closed once.
create index consulate_contact_by_end on consulate_contact (assured_at) where programme = 'CLOSED';
