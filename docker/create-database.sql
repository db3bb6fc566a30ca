-- What a real server needs once, as its superuser: the role that owns and migrates the database, and
-- the database. The API's own role is made by the first migration. Give both roles passwords where
-- anybody else can reach the server. The locale makes one of LODZ and lodz in any alphabet, on any machine.
create role wayhouse_owner login createrole;
create database wayhouse owner wayhouse_owner
  template template0 encoding 'UTF8' locale 'C' locale_provider builtin builtin_locale 'C.UTF-8';
