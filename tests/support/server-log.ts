import { readFileSync } from "node:fs";
import { join } from "node:path";
import { asSuperuser } from "./postgres.ts";

/** Where the embedded server behind this URL keeps its cluster. */
export const clusterOf = (superuserUrl: string) =>
  asSuperuser(superuserUrl, async (client) => {
    const { rows } = await client.query<{ data_directory: string }>("show data_directory");
    return rows[0]!.data_directory;
  });

export const readServerLog = async (superuserUrl: string) =>
  readFileSync(join(await clusterOf(superuserUrl), "server.log"), "utf8");
