insert into retention values
  ('used_proof', null, 'goes within two minutes after it is too old to be accepted; digests alone');
