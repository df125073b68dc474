import * as fc from "fast-check";
import type { Passing, RequestFate } from "./faulty_gateway.ts";
import { OTHER, OWNER, type Rights } from "./file_database.ts";
import type { TokenFate } from "./seam_session.ts";
import { step } from "./tagged.ts";

/** One step of a schedule that concerns the client, its network and its user. */
export type ClientStep =
  | { readonly do: "break" | "go offline" | "go online" | "stall" }
  /** Reads so many bytes, then breaks the connection. */
  | { readonly do: "break after"; readonly bytes: number }
  | { readonly do: "read"; readonly messages: number }
  /** Connects anew with another `file_id` filter, and still with the last id. */
  | { readonly do: "filter"; readonly fileIds: readonly string[] | null }
  /** Connects anew with another token, and still with the last id. */
  | { readonly do: "sign in"; readonly rights: Rights }
  | { readonly do: "sign in as"; readonly user: string }
  | { readonly do: "sign out" }
  /** The server refuses the client's token; or each token until the next sign-in. */
  | { readonly do: "expire the token" | "refuse all tokens" }
  /** Takes a token that is valid for so long. */
  | { readonly do: "renew the token"; readonly ms: number }
  /** What becomes of questions for a token from now on. */
  | { readonly do: "tokens"; readonly fate: TokenFate }
  /** A gateway holds streams back from now on, or nothing any more. */
  | { readonly do: "buffer"; readonly passing: Passing | null }
  /** What becomes of the next requests. */
  | { readonly do: "requests"; readonly next: readonly RequestFate[] }
  /** The machine sleeps: neither a timer nor a byte reaches the client. */
  | { readonly do: "sleep"; readonly ms: number }
  /** The page is hidden or shown. Hidden pages get no frames. */
  | { readonly do: "hide" | "show" }
  /** All subscribers leave, or are back. */
  | { readonly do: "leave" | "return" };

const someIds = (fileId: fc.Arbitrary<string>) =>
  fc.uniqueArray(fileId, { minLength: 1, maxLength: 5 }).map((ids) => ids.sort());
const tokenFate = fc.constantFrom<TokenFate>("given", "given", "fails", "hangs");
const requestFate = fc.constantFrom<RequestFate>(
  "answer",
  "502",
  "page",
  "overloaded",
  "silence",
  "lost",
  "garbled",
);

/** What happens to the user's session, wherever the client is. */
export const SESSION_STEPS = [
  "sign in as",
  "sign out",
  "expire the token",
  "refuse all tokens",
  "renew the token",
  "tokens",
] as const satisfies ClientStep["do"][];

/**
 * Whether a step may keep the client without a stream for long, or gives it the stream of another
 * user. What happens to the first one's stream is not seen meanwhile.
 */
export function isOutage(step: { readonly do: string }): boolean {
  return OUTAGES.has(step.do);
}

const OUTAGES = new Set<string>(
  [
    ...SESSION_STEPS,
    "buffer",
    "requests",
    "sleep",
    "leave",
    "return",
  ] satisfies ClientStep["do"][],
);

/** A `file_id` filter. Most often there is none. */
export function fileFilter(fileId: fc.Arbitrary<string>): fc.Arbitrary<string[] | null> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: someIds(fileId) },
  );
}

/** Steps that concern the client, by what draws the id of a file. */
export function clientSteps(fileId: fc.Arbitrary<string>) {
  return [
    step(4, ["break", "go offline", "go online", "go online", "stall"]),
    step(1, ["filter"], { fileIds: fileFilter(fileId) }),
    step(1, ["sign in"], { rights: fc.constantFrom<Rights>("aal1", "aal2") }),
    step(2, ["break after"], { bytes: fc.integer({ min: 1, max: 3000 }) }),
    step(4, ["read"], { messages: fc.integer({ min: 1, max: 10 }) }),
    step(3, ["sign in as"], { user: fc.constantFrom(OWNER, OWNER, OTHER) }),
    step(1, ["sign out", "expire the token", "refuse all tokens"]),
    step(1, ["renew the token"], { ms: fc.constantFrom(20_000, 60_000, 86_400_000) }),
    step(1, ["tokens"], { fate: tokenFate }),
    step(1, ["requests"], { next: fc.array(requestFate, { minLength: 1, maxLength: 3 }) }),
    step(2, ["buffer"], {
      passing: fc.constantFrom<(Passing | null)[]>("nothing", "head", "head", "first chunk", null),
    }),
    step(1, ["sleep"], { ms: fc.constantFrom(20, 6_000, 45_000, 600_000) }),
    step(1, ["hide", "show"]),
    step(1, ["leave", "return", "return"]),
  ] as const;
}
