import { checkInstallation, type Installation } from "../check_installation.ts";
import type { Link } from "../link.ts";
import { broken, ok, skipped } from "../verdict.ts";

/** Only with `--database-url`. What the check finds breaks the link that it concerns. */
export const databaseLink: Link = {
  name: "database",
  title: "The database, with --database-url",
  async check(visit) {
    const { complaint: { databaseUrl, mapping }, effects, waits } = visit;
    if (databaseUrl === undefined) return skipped("not given, and not needed if all is well");
    try {
      visit.database = await effects.connectDatabase(databaseUrl, { timeoutMs: waits.requestMs });
    } catch (error) {
      visit.signal.throwIfAborted();
      return broken("database-refused", describe(error));
    }
    let installation: Installation;
    try {
      installation = await checkInstallation(visit.database, mapping);
    } catch (error) {
      visit.signal.throwIfAborted();
      if (isJudged(error) && !isForbidden(error)) throw error;
      return broken("database-refused", describe(error));
    }
    const { version, findings } = installation;
    visit.findings = findings;
    const schema = version === undefined ? "" : `schema version ${version}, `;
    const count = findings.length;
    return ok(`${schema}${count === 0 ? "nothing found" : `${count} found, see below`}`);
  },
};

/** Whether the database itself refuses the statement. */
function isJudged(error: unknown): boolean {
  return /^[0-9A-Z]{5}$/.test(String((error as { code?: unknown }).code));
}

function isForbidden(error: unknown): boolean {
  return (error as { code?: unknown }).code === "42501";
}

/** The code alone: a message can hold the URL. */
function describe(error: unknown): string {
  const { code } = error as { code?: unknown };
  if (code === "28P01" || code === "28000") return "the password or the user is refused";
  if (isForbidden(error)) return "this user may not read what the check reads: take postgres";
  if (code === "3D000") return "there is no such database";
  return typeof code === "string" ? `error ${code}` : "no answer in time";
}
