import type pg from "pg";
import { rowsOf } from "./pipeline.ts";

/** The role that the API would log in as could go round the walls. */
export class UnsafeRole extends Error {
  override readonly name = "UnsafeRole";
}

/**
 * Refuses a role that could bypass row-level security: itself, by what it owns or was granted, by a role it
 * may become, or below the tables; and a database in which a table lacks forced row-level security.
 */
export async function assertRoleIsHarmless(
  client: pg.ClientBase,
  variable: "DATABASE_URL" | "DATABASE_READ_URL" = "DATABASE_URL",
): Promise<void> {
  const rows = await rowsOf<{ fault: string }>(
    client,
    `
    select 'is a superuser' as fault from pg_roles where rolname = session_user and rolsuper
    union all select 'may bypass row-level security' from pg_roles where rolname = session_user and rolbypassrls
    union all select 'may replicate the database' from pg_roles where rolname = session_user and rolreplication
    union all select 'may create roles' from pg_roles where rolname = session_user and rolcreaterole
    union all select 'may become ' || rolname from pg_roles
      where rolname <> session_user and pg_has_role(session_user, oid, 'member')
        and (rolsuper or rolbypassrls or rolreplication or rolname = 'wayhouse_keeper'
          or rolname in ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')
          or oid = (select datdba from pg_database where datname = current_database())
          or oid in (select relowner from pg_class where relnamespace = 'public'::regnamespace))
    union all select 'owns ' || relname from pg_class
      where relowner = session_user::regrole and relnamespace = 'public'::regnamespace
    -- Neither asks a policy; a trigger runs as whoever changes the table.
    union all select 'may empty or arm ' || relname from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
        and has_table_privilege(session_user, oid, 'TRUNCATE, TRIGGER')
    union all select 'finds no row-level security on ' || relname from pg_class
      where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
        and not (relrowsecurity and relforcerowsecurity)`,
  );
  if (rows.length > 0) {
    throw new UnsafeRole(
      `The role of ${variable} ${rows.map(({ fault }) => fault).join(", ")}. ` +
        "Give it a plain login role that is a member of wayhouse_api and owns nothing.",
    );
  }
}
