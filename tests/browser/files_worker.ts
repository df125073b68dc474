import type { Database } from "../../local/database.ts";
import { seededRandom } from "../support/seeded_random.ts";

/** The time between two writes. It bounds the load, nothing waits for it. */
const PAUSE_MS = 20;

/** Writes to a user's files whose names end in `.txt`, until it is stopped. */
export interface FilesWorker extends AsyncDisposable {
  /** Resolves when the last write is done. */
  stop(): Promise<void>;
}

/** @param owner What the names of the files begin with. */
export function startFilesWorker(database: Database, user: string, owner: string): FilesWorker {
  const random = seededRandom(14);
  let isStopped = false;
  let writes = 0;
  const write = () => {
    const dice = random();
    if (writes < 20 || dice < 0.05) return insertFile(database, user, `${owner}-${writes}.txt`);
    const change = dice < 0.1
      ? "delete from public.files"
      : "update public.files set progress = (progress + 1)::int % 101, status = 'processing'";
    return database.query(
      `${change} where id = (
         select id from public.files where user_id = $1 and filename like '%.txt'
         order by md5(id::text || $2) limit 1
       )`,
      [user, String(writes)],
    );
  };
  const run = async () => {
    for (; !isStopped; writes++) {
      await write();
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  };
  const done = run();
  const stop = () => {
    isStopped = true;
    return done;
  };
  return { stop, [Symbol.asyncDispose]: stop };
}

export async function insertFile(database: Database, user: string, name: string): Promise<void> {
  await database.query(
    "insert into public.files (user_id, filename, file_type) values ($1, $2, 'text/plain')",
    [user, name],
  );
}
