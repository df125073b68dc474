import type { FileState } from "../../client/protocol.ts";
import type { FileDatabase } from "./file_database.ts";
import type { SeamClient } from "./seam_client.ts";

/**
 * All is quiet, and everything has worked for long.
 *
 * @param isBuffered The client may be trying whether streams pass again.
 * @throws {Error} Unless the client shows what its user selects from the database.
 */
export async function compareWithDatabase<W>(
  client: SeamClient,
  database: FileDatabase<W>,
  { isBuffered = false } = {},
): Promise<void> {
  const { files, session, fileIds } = client;
  await client.checkConsumers();
  client.assertNoViolations();
  const { state, reason } = files.connection.value;
  if (state !== "live" && !isBuffered) {
    throw new Error(`The client has no stream: ${state} ${reason}`);
  }
  const expected = [...(await database.select(session.user, session.rights)).values()]
    .filter(({ id }) => fileIds === null || fileIds.includes(id));
  if (text(files.value) !== text(expected)) {
    throw new Error(`The client has ${text(files.value)}\nthe database ${text(expected)}`);
  }
}

function text(files: readonly FileState[]): string {
  return JSON.stringify(files.toSorted((a, b) => a.id < b.id ? -1 : 1), null, 1);
}
