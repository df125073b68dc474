/** The values of `FILE_EVENTS_SOURCE`. */
export const SOURCES = ["broadcast", "postgres_changes"] as const;

export type Source = typeof SOURCES[number];
