import type { Verdict } from "./verdict.ts";
import type { Visit } from "./visit.ts";

/** Stable names, in the order of the links. */
export type LinkName =
  | "database"
  | "project"
  | "sign-in"
  | "function"
  | "gateway"
  | "token"
  | "origins"
  | "first-byte"
  | "snapshot"
  | "insert"
  | "live"
  | "update"
  | "delete";

/** One link of the chain from the row to the page. */
export interface Link {
  readonly name: LinkName;
  readonly title: string;
  /** Rejects with the signal's reason if the visit is aborted. */
  check(visit: Visit): Promise<Verdict>;
}
