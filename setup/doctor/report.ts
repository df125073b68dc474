import type { Finding } from "./finding.ts";
import type { LinkName } from "./link.ts";

export type LinkStatus = "ok" | "broken" | "skipped" | "not-checked";

/** What is known of a link. `--json` prints it as it is: docs/troubleshooting.md. */
export interface LinkReport {
  readonly link: LinkName;
  readonly title: string;
  readonly status: LinkStatus;
  /** What is wrong: a code of docs/troubleshooting.md or, of a finding, of docs/database.md. */
  readonly code: string | null;
  readonly problem: string | null;
  readonly cure: string | null;
  /** A measured time, a reason, or the words of who refused something. */
  readonly detail: string | null;
  /** What the check of the database says about this link. */
  readonly findings: readonly Finding[];
}

/** What came of an examination. */
export interface Report {
  /** Whether no link is broken and all were reached. */
  readonly healthy: boolean;
  /** The first broken link. */
  readonly broken: LinkName | null;
  readonly links: readonly LinkReport[];
  readonly canary: {
    /** `null` if there was no row, or the database did not say its id. */
    readonly id: string | null;
    /** Whether a row of the doctor may still be there. */
    readonly left: boolean;
  };
  /** Whether it ended before the last link, by Ctrl-C. */
  readonly interrupted: boolean;
}
