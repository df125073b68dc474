import { type Answer, jsonOf } from "./answer.ts";
import { dataApiPath, profileHeaders } from "./data_api_path.ts";
import type { Visit } from "./visit.ts";

/** Calls the catch-up query as the user, as the function does. */
export function askCatchUp(visit: Visit, parameters: object): Promise<Answer> {
  return visit.ask("/rest/v1/rpc/file_changes_since", {
    method: "POST",
    headers: authorization(visit),
    body: parameters,
  });
}

/** Whether the catch-up query returns the file. `undefined`: it can't be told. */
export async function returnsFile(visit: Visit, id: string): Promise<boolean | undefined> {
  const { files } = jsonOf(await askCatchUp(visit, { file_ids: [id], snapshot: true }));
  if (!Array.isArray(files)) return undefined;
  return files.some((file) => String(file?.id) === id);
}

/**
 * Reads the revision of the canary, and keeps the transaction that gave it.
 *
 * @returns "hidden" if the user can't see the row, `undefined` if it can't be told.
 */
export async function readRevision(visit: Visit): Promise<number | "hidden" | undefined> {
  const { canary, complaint: { mapping } } = visit;
  if (canary?.id === undefined) return undefined;
  const where = { column: mapping.id, value: canary.id };
  const select = [mapping.revision, mapping.changedIn];
  const rows = listOf(
    await visit.ask(dataApiPath(mapping, { select }, where), {
      headers: { ...authorization(visit), ...profileHeaders(mapping) },
    }),
  );
  if (!rows) return undefined;
  const [row] = rows;
  if (!row) return "hidden";
  visit.changedIn.add(String(row[mapping.changedIn]));
  return Number(row[mapping.revision] ?? 0);
}

/** Whether the deletion of a file has left a tombstone. `undefined`: it can't be told. */
export async function hasTombstone(visit: Visit, id: string): Promise<boolean | undefined> {
  const path = dataApiPath({ table: "file_deletions" }, { select: ["id"] }, {
    column: "id",
    value: id,
  });
  const rows = listOf(await visit.ask(path, { headers: authorization(visit) }));
  return rows && rows.length > 0;
}

function authorization({ signedIn }: Visit): Record<string, string> {
  return { authorization: `Bearer ${signedIn!.token}` };
}

function listOf(answer: Answer): Record<string, unknown>[] | undefined {
  const value: unknown = jsonOf(answer);
  return answer.status === 200 && Array.isArray(value) ? value : undefined;
}
