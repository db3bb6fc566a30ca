-- Each purge of tokens that were taken back looked at all of them.

-- runs beside old processes although index: a token that was taken back is kept for twenty minutes.
create index revoked_token_by_end on revoked_token (expires_at);
