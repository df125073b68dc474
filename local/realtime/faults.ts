/**
 * Ways to break Realtime on demand.
 * - `drop`: every socket is closed; clients may come back at once.
 * - `deaf`: joined channels hear nothing more, and nothing tells them. As on a real server a rejoin
 *   or a new token heals a channel; with `until: "up"` nothing does but `up`.
 * - `down`: sockets are closed and new ones refused.
 * - `up`: everything works again. What was missed is not made up for.
 */
export interface Fault {
  fault: "drop" | "deaf" | "down" | "up";
  until?: "up";
}

/** Reads the body of `POST /_local/realtime`; throws a `TypeError` that says what is allowed. */
export function parseFault(body: unknown): Fault {
  const { fault, until } = (body ?? {}) as Partial<Fault>;
  if (fault !== "drop" && fault !== "deaf" && fault !== "down" && fault !== "up") {
    throw new TypeError(`"fault" must be "drop", "deaf", "down" or "up"`);
  }
  if (until !== undefined && (until !== "up" || fault !== "deaf")) {
    throw new TypeError(`"until" can only be "up", and only with the fault "deaf"`);
  }
  return until ? { fault, until } : { fault };
}
