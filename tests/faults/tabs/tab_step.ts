import * as fc from "fast-check";
import { type ClientStep, clientSteps } from "../client_step.ts";
import { fileId } from "../step.ts";
import { step } from "../tagged.ts";

/** What happens to one of the tabs. */
export type TabStep = { readonly tab: number } & (TabAction | OtherClientStep);

/** Without the steps that would give a tab other rights or another filter than the others have. */
type OtherClientStep = Exclude<ClientStep, { do: "sign in" | "filter" }>;

/** A step that a client has only as a tab. */
export type TabAction =
  /** Opens a tab, if this one is gone. */
  | { readonly do: "open" }
  /** `close()` is called. */
  | { readonly do: "close" }
  /** Nothing of the tab runs any more, and nobody has told it. */
  | { readonly do: "crash" }
  /**
   * Nothing in the tab moves. `event` is what the page is told before, `isCut`: the connection is
   * lost. `isDeaf`: what other tabs send is lost, as for a page in a browser's back/forward cache.
   */
  | {
    readonly do: "freeze";
    readonly event: "freeze" | "pagehide" | null;
    readonly isCut: boolean;
    readonly isDeaf: boolean;
  }
  /** It freezes when it has asked who holds a lock, and before it knows. */
  | { readonly do: "freeze at the next look" }
  /** `first`: what reaches the client before the other. */
  | { readonly do: "thaw"; readonly first: "messages" | "timers" }
  /** The page is told that it is back, though it was not away. */
  | { readonly do: "tell"; readonly event: "resume" | "pageshow" }
  | { readonly do: "reconnect" };

/** How many tabs there may be at a time. */
export const TABS = 3;

const action: fc.Arbitrary<TabAction> = fc.oneof(
  step(5, ["open", "open", "close", "crash"]),
  step(3, ["freeze"], {
    event: fc.constantFrom(null, null, "freeze" as const, "pagehide" as const),
    isCut: fc.boolean(),
    isDeaf: fc.boolean(),
  }),
  step(1, ["freeze at the next look"]),
  step(5, ["thaw"], { first: fc.constantFrom("messages", "timers") }),
  step(1, ["tell"], { event: fc.constantFrom("resume", "pageshow") }),
  step(1, ["reconnect"]),
);

const anyClientStep: fc.Arbitrary<ClientStep> = fc.oneof(...clientSteps(fileId));
const clientStep = anyClientStep.filter((step): step is OtherClientStep => {
  return step.do !== "sign in" && step.do !== "filter";
});

export const tabStep: fc.Arbitrary<TabStep> = fc.tuple(
  fc.nat({ max: TABS - 1 }),
  fc.oneof({ weight: 3, arbitrary: action }, { weight: 2, arbitrary: clientStep }),
).map(([tab, step]) => ({ ...step, tab }));
