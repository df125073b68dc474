const FAULTS = ["drop", "cold", "deaf", "limit", "walsender", "down", "up"] as const;

/**
 * Ways to break Realtime on demand. How long the passing ones last is in `RealtimeOptions`.
 * - `drop`: every socket is closed; clients may come back at once.
 * - `cold`: the same, and who comes back finds a server that has just started: it answers late, and
 *   loses what is written before it confirms.
 * - `deaf`: joined channels hear nothing more, and nothing tells them. As on a real server a rejoin
 *   or a new token heals a channel; with `until: "up"` nothing does but `up`.
 * - `limit`: as after a burst above the limit of messages: for a while all messages to everybody are
 *   dropped, and nothing tells.
 * - `walsender`: the server has lost its connection to the database: for a while nothing that is
 *   written arrives. Then all is well again, and nothing tells of the gap.
 * - `down`: sockets are closed and new ones refused.
 * - `up`: everything works again. What was missed is not made up for.
 */
export interface Fault {
  fault: (typeof FAULTS)[number];
  until?: "up";
}

/** Reads the body of `POST /_local/realtime`; throws a `TypeError` that says what is allowed. */
export function parseFault(body: unknown): Fault {
  const { fault, until } = (body ?? {}) as Partial<Fault>;
  if (!FAULTS.some((name) => name === fault)) {
    throw new TypeError(`"fault" must be one of "${FAULTS.join('", "')}"`);
  }
  if (until !== undefined && (until !== "up" || fault !== "deaf")) {
    throw new TypeError(`"until" can only be "up", and only with the fault "deaf"`);
  }
  return { fault: fault!, ...(until && { until }) };
}
