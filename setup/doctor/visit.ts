import type { TableMapping } from "../mapping/table_mapping.ts";
import type { Answer } from "./answer.ts";
import type { AskProject } from "./ask_project.ts";
import type { Canary } from "./canary.ts";
import type { Row } from "./canary_row.ts";
import type { ConnectDatabase, Database } from "./database.ts";
import type { EventFollower } from "./event_follower.ts";
import type { Finding } from "./finding.ts";
import type { Waits } from "./waits.ts";

/** What the doctor is asked to examine. */
export interface Complaint {
  /** The project's URL, without a slash at its end. */
  readonly url: string;
  /** The publishable key. */
  readonly key: string;
  readonly user:
    | { readonly email: string; readonly password: string }
    | { readonly token: string };
  readonly origins: readonly string[];
  readonly databaseUrl?: string | undefined;
  readonly mapping: TableMapping;
  /** More columns of the canary. */
  readonly canary: Row;
}

/** What the doctor does to the world. */
export interface Effects {
  readonly fetch: typeof globalThis.fetch;
  readonly openWebSocket: (url: string) => Promise<WebSocket>;
  readonly connectDatabase: ConnectDatabase;
}

/** The user, once signed in. */
export interface SignedIn {
  readonly token: string;
  readonly userId: string;
}

/** What one examination knows. The links fill it in, in their order. */
export interface Visit {
  readonly complaint: Complaint;
  readonly effects: Effects;
  readonly waits: Waits;
  /** Ends the examination. */
  readonly signal: AbortSignal;
  /** Says what is being waited for. */
  readonly onProgress: (line: string) => void;
  /** Sends a request with the key. It is given up when the examination ends. */
  readonly ask: AskProject;
  /** Sends one that writes. It is not given up, so that it is known what was written. */
  readonly askToWrite: AskProject;
  /** Set by the link "database". */
  database?: Database;
  findings: readonly Finding[];
  /** Set by the link "sign-in". */
  signedIn?: SignedIn;
  /** The function's answer to a request without a token. Set by the link "function". */
  anonymous?: Answer;
  /** Set by the link "first-byte". */
  follower?: EventFollower;
  /** Set by the link "insert". */
  canary?: Canary;
  /** The transactions that have written the canary, as far as they are known. */
  readonly changedIn: Set<string>;
  /** Whether the insert arrived in the time of a live change. Set by the link "insert". */
  isLive?: boolean;
}
