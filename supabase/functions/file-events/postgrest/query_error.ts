import { SCHEMA_VERSION } from "../schema_version.ts";

/** The kinds of faults, by who can end them. */
export type FaultKind =
  /** PostgREST refuses the token: it is not valid, or PostgREST lacks the keys that Auth has. */
  | "token-refused"
  /** The database cannot answer until its operator acts, for example applies the migrations. */
  | "setup"
  /** An outage, an overload, or anything else that may end by itself. */
  | "unavailable";

/** What is known about an answer that is not a page of changes. */
export interface Fault {
  readonly kind: FaultKind;
  /** The HTTP status; 0 if there was no answer. */
  readonly status: number;
  /** PostgREST's own code or PostgreSQL's SQLSTATE; empty if the answer has no code. */
  readonly code: string;
  /** What the operator must do. */
  readonly advice?: string | undefined;
}

/** PostgREST has not answered with a page of changes. The message is only logged. */
export class QueryError extends Error {
  override readonly name = "QueryError";

  constructor(message: string, readonly fault: Fault) {
    super(message);
  }
}

/** Longer messages are cut, because a gateway's answer can be a whole page of HTML. */
const MAX_MESSAGE_LENGTH = 500;

/**
 * Turns an answer of PostgREST, or of a gateway in front of it, into an error that says who must
 * act. Such answers are judged only here.
 *
 * @param status The HTTP status; 0 if there was no answer.
 * @param body The answer's JSON. PostgREST's has `code` and `message`, a gateway's can be anything.
 */
export function queryError(status: number, body: unknown): QueryError {
  const { code, message } = Object(body) as { code?: unknown; message?: unknown };
  const fault = { status, code: typeof code === "string" ? code : "" };
  const text = typeof message === "string" ? message : JSON.stringify(body);
  return new QueryError(
    `Cannot query changes: ${text.slice(0, MAX_MESSAGE_LENGTH)}`,
    { ...fault, ...judge(fault, text) },
  );
}

/** The error for a page of another version than {@linkcode SCHEMA_VERSION}. */
export function otherVersion(version: unknown): QueryError {
  const isNewer = typeof version === "number" && version > SCHEMA_VERSION;
  return new QueryError(
    `Cannot query changes: the database has version ${JSON.stringify(version) ?? "0"} of the ` +
      `schema of file-events, this function needs ${SCHEMA_VERSION}`,
    { kind: "setup", status: 200, code: "", advice: isNewer ? DEPLOY_FUNCTION : UPGRADE },
  );
}

/** The error for an answer without an error that is not a page. */
export function unexpectedAnswer(): QueryError {
  return new QueryError(
    "Cannot query changes: the answer is not a page of changes",
    { kind: "setup", status: 200, code: "", advice: APPLY_MIGRATIONS },
  );
}

type Verdict = Pick<Fault, "kind" | "advice">;

const APPLY_MIGRATIONS = "apply the migrations of file-events; if they are applied, " +
  "`notify pgrst, 'reload schema'`";
const UPGRADE = "apply the migrations that `file-events upgrade` writes";
const DEPLOY_FUNCTION = "deploy the function that belongs to this version of the schema";
const CHECK_KEYS = "check that PostgREST has the keys that Auth signs with";
const CHECK_GATEWAY = "check SUPABASE_URL and the publishable key";
const CHECK_POLICIES = "check the policies on the table of files, and the types of its columns";
const EXPOSE_SCHEMA = "expose the schema `public` in the settings of the Data API";

function judge({ status, code }: { status: number; code: string }, message: string): Verdict {
  if (code.startsWith("PGRST")) return judgePostgrest(code, message);
  // These are classes of PostgreSQL's SQLSTATE. A fault that is not listed, such as 57014 (timeout)
  // or 53300 (too many connections), may end by itself.
  switch (/^[0-9A-Z]{5}$/.test(code) && code.slice(0, 2)) {
    // A function, table or column is missing or has another type, or a grant is missing.
    case "42":
    // A schema is missing.
    case "3F":
      return { kind: "setup", advice: APPLY_MIGRATIONS };
    // A policy or a column's type does not accept a value in a row or a token.
    case "22":
      return { kind: "setup", advice: CHECK_POLICIES };
    // The query itself raises it, for example after a restore. Its message says what to do.
    case "55":
      return { kind: code === "55000" ? "setup" : "unavailable" };
    case false:
      // The gateway answers: it refuses the function's key, or it has no route to PostgREST.
      if (status === 401 || status === 404) return { kind: "setup", advice: CHECK_GATEWAY };
  }
  return { kind: "unavailable" };
}

function judgePostgrest(code: string, message: string): Verdict {
  switch (code) {
    // The token cannot be decoded, or its signature is wrong.
    case "PGRST301":
    // Its claims are refused. Before version 13 the code was PGRST301.
    case "PGRST303":
      // The clocks of two servers differ. The token becomes valid by itself.
      if (/future|not yet valid/i.test(message)) return { kind: "unavailable" };
      return { kind: "token-refused", advice: CHECK_KEYS };
    // PostgREST has no keys, or the token did not reach it.
    case "PGRST300":
    case "PGRST302":
      return { kind: "setup", advice: CHECK_KEYS };
    case "PGRST106":
      return { kind: "setup", advice: EXPOSE_SCHEMA };
  }
  // PGRST2…: the function is not in the schema cache. Other faults, such as PGRST0… (no connection
  // to the database) and PGRSTX… (an internal error of PostgREST), may end by themselves.
  return code.startsWith("PGRST2")
    ? { kind: "setup", advice: APPLY_MIGRATIONS }
    : { kind: "unavailable" };
}
