/** A Supabase project with `file-events` on it. */
export interface Target {
  /** Without a slash at its end. */
  readonly url: string;
  readonly publishableKey: string;
  readonly secretKey: string;
  /** `FILE_EVENTS_HEARTBEAT_MS`, if it is not the default. */
  readonly heartbeatMs?: number;
}

/** Where the function answers. */
export function functionUrl({ url }: Target): string {
  return `${url}/functions/v1/file-events`;
}
