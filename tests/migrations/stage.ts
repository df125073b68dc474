import { CatchUpClient } from "./catch_up_client.ts";
import type { Session } from "../../local/postgres/postgres_session.ts";
import {
  createSupabaseDatabase,
  createUser,
  migrations,
  type SupabaseDatabase,
} from "../../local/postgres/supabase_database.ts";
import { server } from "../support/test_server.ts";

/** A database of a test's own, with a user whose files a client follows. */
export interface Stage extends AsyncDisposable {
  readonly database: SupabaseDatabase;
  /** A session of the database's owner. */
  readonly owner: Session;
  readonly user: string;
  /** A session of the user. */
  readonly reader: Session;
  /** Follows the user's files by catch-up. It has not read anything yet. */
  readonly client: CatchUpClient;
}

export interface StageOptions {
  /** Paths in `supabase/`. */
  readonly scripts?: string[];
  /** SQL that the owner runs before there is a user. */
  readonly setUp?: string;
}

export async function setStage(
  { scripts = migrations, setUp = "" }: StageOptions = {},
): Promise<Stage> {
  const database = await createSupabaseDatabase(server, scripts);
  const owner = await database.connect();
  if (setUp) await owner.query(setUp);
  const user = await createUser(owner);
  const reader = await database.connectAs(user);
  const client = new CatchUpClient(reader);
  const dispose = () => database[Symbol.asyncDispose]();
  return { database, owner, user, reader, client, [Symbol.asyncDispose]: dispose };
}

/** Adds files, called `1` to `count`, in one statement. */
export function addFiles(
  session: Session,
  user: string,
  count: number,
): Promise<{ id: string }[]> {
  return session.query(
    `insert into public.files (user_id, filename, file_type)
    select $1, i, 'pdf' from generate_series(1, $2) i returning id`,
    [user, count],
  );
}
