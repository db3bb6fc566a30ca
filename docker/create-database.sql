-- What a real server needs once, as its superuser: the role that owns and migrates the database, and
-- the database. The API's own role is made by the first migration. Give both roles passwords where
-- anybody else can reach the server.
create role wayhouse_owner login createrole;
create database wayhouse owner wayhouse_owner;
