/** When a cold server does what, in milliseconds from the first join. */
export interface ColdStart {
  /** It answers joins. */
  replyMs: number;
  /** Broadcasts arrive; those before are lost. */
  broadcastMs: number;
  /** It says that the replication connection is established. */
  confirmMs: number;
  /** It subscribes to changes, and says so; changes before are lost. */
  subscribeMs: number;
}

/** A server's way from cold, when nobody has joined yet, to warm. */
export interface WarmUp {
  /** The next join finds the server cold. */
  chill(): void;
  /** Milliseconds until a server does this that was joined now or before; 0 if it is warm. */
  left(stage: keyof ColdStart): number;
}

/** @param options.startsCold Whether the first join finds it cold. */
export function createWarmUp(
  { coldStart, startsCold, now }: {
    coldStart: ColdStart;
    startsCold: boolean;
    now: () => number;
  },
): WarmUp {
  /** When a cold server was joined first; undefined while nobody has. */
  let joinedAt = startsCold ? undefined : -Infinity;
  return {
    chill: () => joinedAt = undefined,
    left(stage) {
      joinedAt ??= now();
      return Math.max(0, joinedAt + coldStart[stage] - now());
    },
  };
}
