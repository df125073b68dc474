import {
  createSupabaseDatabase,
  type SupabaseDatabase,
} from "../../../local/postgres/supabase_database.ts";
import { server } from "../../support/test_server.ts";

/** A new project's database after these statements. */
export async function databaseWith(sql: string): Promise<SupabaseDatabase> {
  const database = await createSupabaseDatabase(server, []);
  await using owner = await database.connect();
  await owner.query(sql);
  return database;
}
