import { openPglite } from "./pglite_database.ts";
import { createSupabaseDatabase } from "../../local/postgres/supabase_database.ts";
import { server } from "../support/test_server.ts";

const pglite = await openPglite();
/** A migrated database on a real server, for all tests of the file that imports this. */
export const database = await createSupabaseDatabase(server);
Deno.test.afterAll(async () => {
  await pglite.session.close();
  await database[Symbol.asyncDispose]();
});

/** A session of the owner on each kind of database. */
export const sessions = { PGlite: pglite.session, PostgreSQL: await database.connect() };
