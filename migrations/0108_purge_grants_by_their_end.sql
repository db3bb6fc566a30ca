-- Each purge of grants looked at every grant that there is: it begins with those that ended first.

-- runs beside old processes although index: grants are some thousand rows, written when one is given or ends.
create index sharing_grant_by_end on sharing_grant (least(revoked_at, valid_until))
  where least(revoked_at, valid_until) is not null;
