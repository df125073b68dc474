import type { JWK } from "@supabase/supabase-js";

export interface Counts {
  readonly sockets: number;
  /** Calls of `file_changes_since`. */
  readonly queries: number;
  /** Requests for a user or for the signing keys. */
  readonly authRequests: number;
}

/** What the stand-in for Supabase can be asked to do. */
export interface Commands {
  configure(options: { jwks: readonly JWK[]; filesPerUser: number }): void;
  counts(): Counts;
  /** When the last channel of each user was confirmed, in milliseconds since the Unix epoch. */
  joinTimes(): ReadonlyMap<string, number>;
  /** Forgets when channels were confirmed. */
  forget(): void;
  /** Sets whose files change in turns. */
  setUsers(userIds: readonly string[]): void;
  /** Makes `count` changes, `rate` a second. */
  emit(pace: { rate: number; count: number }): Promise<void>;
  /** Changes a file of each of these users at once. */
  emitFor(userIds: readonly string[]): void;
  /** Drops all Realtime sockets, and refuses new ones for `ms` milliseconds. */
  restart(ms: number): void;
}

/** The same commands across the thread's boundary. */
export type StandIn =
  & {
    [Name in keyof Commands]: (
      ...parameters: Parameters<Commands[Name]>
    ) => Promise<Awaited<ReturnType<Commands[Name]>>>;
  }
  & {
    readonly url: string;
    /** The same with TLS, as on the hosted platform. {@linkcode CERTIFICATE} must be trusted. */
    readonly secureUrl: string;
  }
  & Disposable;

/** The path of a self-signed certificate of 127.0.0.1, whose key is no secret. */
export const CERTIFICATE = new URL("./certificate.pem", import.meta.url).pathname;

/** Starts the stand-in for Supabase in a thread. */
export async function startStandIn(): Promise<StandIn> {
  const worker = new Worker(import.meta.resolve("./worker.ts"), { type: "module" });
  const waiting = new Map<number, (result: unknown) => void>();
  let lastId = 0;
  const urls = await new Promise<Pick<StandIn, "url" | "secureUrl">>((resolve) => {
    worker.onmessage = ({ data }) => {
      if (data.url) return resolve(data);
      waiting.get(data.id)?.(data.result);
      waiting.delete(data.id);
    };
  });
  const call = (command: keyof Commands) => (parameter?: unknown) =>
    new Promise<never>((resolve) => {
      waiting.set(++lastId, resolve as (result: unknown) => void);
      worker.postMessage({ id: lastId, command, parameter });
    });
  return {
    ...urls,
    configure: call("configure"),
    counts: call("counts"),
    joinTimes: call("joinTimes"),
    forget: call("forget"),
    setUsers: call("setUsers"),
    emit: call("emit"),
    emitFor: call("emitFor"),
    restart: call("restart"),
    [Symbol.dispose]: () => worker.terminate(),
  };
}
