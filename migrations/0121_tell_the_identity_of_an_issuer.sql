-- The identity key signs statements of keys and nothing else. Among the keys of an organisation it was refused; behind
-- a JWKS URI, where the database sees no keys, whoever has it could have signed tokens with it. So whoever verifies a
-- token is told which one it is, in the same answer. find_issuer(text) stays for processes of the version before.
grant create on schema public to wayhouse_keeper;
set local role wayhouse_keeper;
create function issuer_of_tokens(in_issuer text)
  returns table (organisation_id uuid, identity_thumbprint text, jwks_uri text, keys jsonb)
  language sql stable security definer set search_path = public, pg_temp
begin atomic
  select a.organisation_id, o.identity_thumbprint, a.jwks_uri, coalesce((
      select jsonb_agg(k.jwk) from organisation_key k
      where k.organisation_id = a.organisation_id and k.use = 'SIGN' and k.retired_at is null), '[]')
    from organisation_account a join organisation o on o.id = a.organisation_id
    where a.issuer = in_issuer;
end;
grant execute on function issuer_of_tokens(text) to wayhouse_api;
reset role;
revoke create on schema public from wayhouse_keeper;
