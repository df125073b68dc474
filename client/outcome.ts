/** What a file's status means. */
export type Outcome = "active" | "ready" | "failed";
