import { createConnection, type Phase } from "./connection/connection.ts";
import type { ConnectionStatus } from "./connection_status.ts";
import type { Environment } from "./environment.ts";
import type { FileEvents } from "./file_events.ts";
import { FileEventsError, type FileEventsErrorCode } from "./file_events_error.ts";
import type { FileEventsOptions } from "./options.ts";
import type { Outcome } from "./outcome.ts";
import type { FileState } from "./protocol.ts";
import { createReplica } from "./store/replica.ts";
import { createStore } from "./store/store.ts";
import { sortFiles } from "./store/sort_files.ts";

/** How long the stream stays open while nobody listens, as between two pages of an app. */
const LINGER_MS = 5_000;

/** {@linkcode fileEvents} with an environment of one's own. */
export function createFileEvents(options: FileEventsOptions, environment: Environment): FileEvents {
  const { statuses = { ready: "ready", failed: "failed" }, signal } = options;
  // Without a prototype, because a status can be any text.
  const outcomes: Record<string, Outcome | null> = { __proto__: null, ...statuses };
  const outcome = (file: FileState) => outcomes[file.status!] ?? "active";
  const replica = createReplica();
  let listeners = 0;
  let cancelLinger = () => {};
  /** How often the files were dropped because their user left. */
  let generation = 0;
  /** Subscribers will be told. */
  let isScheduled = false;
  /** What the connection has reported last. */
  let phase: Phase = "idle";
  let reason = "";
  /** Resolves `changed`. */
  let wake = () => {};
  /** Resolves with the next change of the files or the connection. */
  let changed: Promise<void> | undefined;

  const hold = () => {
    listeners++;
    cancelLinger();
    connection.start();
    return () => {
      if (--listeners || phase === "closed") return;
      cancelLinger = environment.after(LINGER_MS, connection.pause);
    };
  };

  const list = createStore<readonly FileState[]>([], hold);
  const status = createStore<ConnectionStatus>(
    { state: "loading", reason, transport: "stream" },
    hold,
  );

  const tell = () => {
    if (!isScheduled) return;
    isScheduled = false;
    const files = sortFiles(replica.files.values());
    const isSame = files.length === list.value.length &&
      files.every((it, i) => it === list.value[i]);
    if (!isSame) list.set(files);
    const whileTrying = replica.isLoaded ? "reconnecting" : "loading";
    const state = phase === "live" && replica.isLoaded || isEnded(phase)
      ? phase
      : environment.isOnline()
      ? whileTrying
      : "offline";
    const next = { state, reason, transport: connection.transport } as const;
    if (JSON.stringify(next) !== JSON.stringify(status.value)) status.set(next);
  };
  /** Lets {@linkcode follow} continue at once, and tells subscribers soon. */
  const touch = () => {
    wake();
    changed = new Promise((resolve) => wake = resolve);
    if (!isScheduled) environment.schedule(tell);
    isScheduled = true;
  };

  /**
   * Yields the files as they are, then their changes, until `close()` or the signal.
   *
   * @param ids Only of these files.
   */
  async function* follow(signal?: AbortSignal, ids?: readonly string[]) {
    if (signal?.aborted) return;
    const { files } = replica;
    const given = new Map<string, FileState>();
    const firstGeneration = generation;
    const release = hold();
    // A listener of its own, because consumers may share a signal.
    const onAbort = () => touch();
    signal?.addEventListener("abort", onAbort);
    try {
      while (!signal?.aborted) {
        const code = generation === firstGeneration ? phase : "signed-out";
        if (code === "closed") return;
        if (isEnded(code)) throw failure(code);
        const next = changed;
        for (const id of ids ?? new Set([...given.keys(), ...files.keys()])) {
          const file = files.get(id);
          // The consumer may have taken long, and the user may have left meanwhile.
          if (file === given.get(id) || generation !== firstGeneration) continue;
          if (file) {
            given.set(id, file);
            yield { eventType: "file-update", file } as const;
          } else {
            given.delete(id);
            yield { eventType: "file-deleted", file: { id } } as const;
          }
        }
        await next;
      }
    } finally {
      signal?.removeEventListener("abort", onAbort);
      release();
    }
  }

  const connection = createConnection(options, environment, replica, {
    onUserGone() {
      generation++;
      replica.clear();
      touch();
      // At once: a page must not show one user's files to the next for the time of a frame.
      tell();
    },
    onChange: touch,
    onPhase(next, why) {
      phase = next;
      reason = why;
      touch();
    },
  });

  const failure = (code: FileEventsErrorCode) => new FileEventsError(code, reason || code);

  const close = () => {
    signal?.removeEventListener("abort", close);
    connection.close();
    cancelLinger();
    tell();
  };
  signal?.addEventListener("abort", close);
  if (signal?.aborted) close();

  return {
    get value() {
      return list.value;
    },
    subscribe: list.subscribe,
    connection: status,
    get transport() {
      return status.value.transport;
    },
    get: (id) => replica.files.get(id),
    async done(id, { signal } = {}) {
      for await (const { eventType, file } of follow(signal, [id])) {
        const now = eventType === "file-deleted" ? "deleted" : outcome(file);
        if (now === "ready") return file as FileState;
        const { error_message } = file as FileState;
        if (now !== "active") {
          throw new FileEventsError(now, error_message ?? now, file as FileState);
        }
      }
      signal?.throwIfAborted();
      throw failure("closed");
    },
    events: ({ signal } = {}) => follow(signal),
    outcome,
    reconnect: connection.reconnect,
    close,
    [Symbol.dispose]: close,
  };
}

/** Whether the connection stays closed until the page or the user does something. */
function isEnded(phase: Phase): phase is "signed-out" | "refused" | "closed" {
  return ["signed-out", "refused", "closed"].includes(phase);
}
