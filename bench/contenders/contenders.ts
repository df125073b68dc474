import { publishableKey } from "../../local/api_keys.ts";
import { CERTIFICATE } from "../stand_in/stand_in.ts";
import type { Algorithm } from "../stand_in/users.ts";

/** One way to bring users the changes of their files. */
export interface Contender {
  readonly name: string;
  /** What the tables call it. */
  readonly label: string;
  readonly module: string;
  readonly algorithm: Algorithm;
  /** Variables besides those of the platform. */
  readonly environment: Readonly<Record<string, string>>;
  /** "direct" has no server: the process that is measured is that of the clients. */
  readonly kind: "server" | "direct";
  /** Whether it has a channel for each user. */
  readonly joins: boolean;
  /** Whether it sends the files as they are, then `ready`, and resumes from the last id. */
  readonly isOurs: boolean;
}

const OURS = "../../supabase/functions/file-events/index.ts";

function ours(source: "broadcast" | "postgres_changes", algorithm: Algorithm): Contender {
  return {
    name: `ours-${source}-${algorithm.toLowerCase()}`,
    label: `file-events, ${source}, ${algorithm}`,
    module: OURS,
    algorithm,
    environment: { FILE_EVENTS_SOURCE: source, FILE_EVENTS_MAX_STREAMS: "10000" },
    kind: "server",
    joins: true,
    isOurs: true,
  };
}

function other(
  [name, module]: [name: string, module: string],
  label: string,
  options: Partial<Pick<Contender, "kind" | "joins">> = {},
): Contender {
  return {
    name,
    label,
    module,
    algorithm: "ES256",
    environment: {},
    kind: "server",
    joins: true,
    isOurs: false,
    ...options,
  };
}

/** In the order of the tables. */
export const contenders: readonly Contender[] = [
  ours("broadcast", "ES256"),
  ours("postgres_changes", "ES256"),
  ours("broadcast", "HS256"),
  ours("postgres_changes", "HS256"),
  other(["seed", "./seed.ts"], "the plan's endpoint, postgres_changes"),
  other(["hono", "./hono.ts"], "hono, broadcast"),
  other(["direct", "./direct.ts"], "supabase-js in the client, no server", { kind: "direct" }),
  other(["bare", "./bare.ts"], "bare Deno.serve", { joins: false }),
];

/** Whether it is not another variant of the function than the default one. */
export function isMain({ name, isOurs }: Contender): boolean {
  return !isOurs || name === contenders[0]!.name;
}

/** The variables of a contender in front of the Supabase at `url`, as the platform sets them. */
export function environmentOf({ environment }: Contender, url: string): Record<string, string> {
  return {
    SUPABASE_URL: url,
    // For a `url` with TLS.
    DENO_CERT: CERTIFICATE,
    SUPABASE_PUBLISHABLE_KEY: publishableKey,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: publishableKey }),
    ...environment,
  };
}
