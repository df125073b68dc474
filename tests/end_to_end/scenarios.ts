import { contents } from "./scenarios/contents.ts";
import { handshake } from "./scenarios/handshake.ts";
import { isolation } from "./scenarios/isolation.ts";
import { parameters } from "./scenarios/parameters.ts";
import { polling } from "./scenarios/polling.ts";
import { progress } from "./scenarios/progress.ts";
import { refusals } from "./scenarios/refusals.ts";
import { resume } from "./scenarios/resume.ts";
import { volume } from "./scenarios/volume.ts";
import type { Scenario } from "./scenario.ts";

/** What the stream does on any Supabase project. */
export const scenarios: readonly Scenario[] = [
  ...progress,
  ...handshake,
  ...resume,
  ...parameters,
  ...refusals,
  ...contents,
  ...volume,
  ...isolation,
  ...polling,
];
