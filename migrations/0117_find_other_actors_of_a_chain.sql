-- Each entry of a chain went into the index of its actor and into that of its owner, of which one, mostly, is whose chain it
-- is, and nobody looks for that one there. The other one is indexed alone.

-- runs beside old processes although index: a hundred thousand entries are read in a moment, and writes wait five seconds for a lock.
create index audit_entry_by_other_actor on audit_entry (organisation_id, actor_id) where actor_id <> organisation_id;
