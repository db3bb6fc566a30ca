insert into retention values
  ('budget', null, 'stays: one row for each client and purpose, and of it nothing but when it is whole again');
