import { type Answer, jsonOf, quote } from "../answer.ts";
import type { FaultCode } from "../faults.ts";
import { broken, ok, type Verdict } from "../verdict.ts";

/** Judges PostgREST's answer to a call of `file_changes_since` as the user. */
export function judgeCatchUp(answer: Answer): Verdict {
  const { status } = answer;
  const { code, cursor, files } = jsonOf(answer);
  if (status === 200) {
    const isPage = typeof cursor === "string" && Array.isArray(files);
    return isPage ? ok() : broken("schema-other-version", describeVersion(answer));
  }
  return broken(faultOf(status, String(code ?? "")), quote(answer));
}

/** What a page says of the schema that it comes from. */
export function describeVersion(answer: Answer): string {
  const { version } = jsonOf(answer);
  return version === undefined
    ? "the database's answer names no version of the schema"
    : `the database's schema has version ${String(version).slice(0, 20)}`;
}

function faultOf(status: number, code: string): FaultCode {
  switch (code) {
    case "PGRST106":
      return "schema-not-exposed";
    case "PGRST300":
    case "PGRST301":
    case "PGRST302":
    case "PGRST303":
      return "data-api-keys";
    case "42883": // The function is missing, and PostgREST still knows it.
      return "migration-missing";
    case "42501":
      return "grant-missing";
    case "55000": // The query itself raises it.
      return "epoch-stale";
  }
  if (code.startsWith("PGRST2")) return "migration-missing";
  if (code.startsWith("PGRST")) return "data-api-unavailable";
  // Classes of PostgreSQL's SQLSTATE.
  if (/^(42|3F)/.test(code)) return "schema-damaged";
  if (/^22/.test(code)) return "query-refused";
  if (code === "" && status === 401) return "data-api-keys";
  if (code === "" && status === 404) return "migration-missing";
  return "data-api-unavailable";
}
