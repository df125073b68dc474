import { type PostgresServer, startPostgres } from "../../local/postgres/postgres_server.ts";

/** The PostgreSQL of the test file that imports this. It runs from before its tests to their end. */
export const server: PostgresServer = await startPostgres();
// After the file's own hooks: the last one to be registered runs first.
Deno.test.afterAll(() => server.stop());
