-- Whoever looked for the circles that it shares with read every grant that it ever gave.

-- runs beside old processes although index: grants are some thousand rows, written when one is given or ends.
create index sharing_grant_to_circle on sharing_grant (owner_id, circle_id) where circle_id is not null;
