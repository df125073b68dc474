import * as fc from "fast-check";
import type { createFileEvents } from "../../../client/create_file_events.ts";
import { assertFindsFault } from "../assert_finds_fault.ts";
import { mutateClient } from "../mutate_client.ts";
import { type TabsSchedule, tabsSchedule } from "./tabs_schedule.ts";
import { TabsWorld } from "./tabs_world.ts";
import { TELLING_TABS_SCHEDULES } from "./telling_tabs_schedules.ts";

// The schedules of tabs_test.ts prove something only if they catch each of these.

const MAX_SCHEDULES = 2000;

function playing(create: typeof createFileEvents): fc.IAsyncProperty<[TabsSchedule]> {
  return fc.asyncProperty(tabsSchedule, async ({ steps, ...options }) => {
    const world = new TabsWorld(options, create);
    await world.run(steps);
    await world.agree();
    await world.close();
  });
}

const GROUP = "tabs/join_tabs.ts";
const CONNECTION = "connection/connection.ts";

/** By what is wrong: a file of the client, a text in it, and what replaces it. */
const MUTATIONS: Record<string, [path: string, from: string, to: string]> = {
  "tabs that listen to a leader that was replaced": [
    GROUP,
    `if (news.generation < newest) return group.ask("alive");`,
    "",
  ],
  "messages that are lost and not missed": [GROUP, " && news.number === number", ""],
  "an id without what it covers": [
    GROUP,
    "    onNews(\n",
    "    replica.cursor = news.cursor;\n    onNews(\n",
  ],
  "a new leader that numbers as the last one did": [
    GROUP,
    "Math.max(newest + 1, now()) + random()",
    "1",
  ],
  "a leader that does not look whether it still leads": [
    GROUP,
    "await holder() === self",
    "true",
  ],
  "a frozen leader that nobody replaces": [CONNECTION, '() => open("silence")', "() => {}"],
  "a leader that is not asked while nobody looks": [
    CONNECTION,
    "!isVisible() && silentMs < LEADER_LIMIT_MS",
    "!isVisible()",
  ],
  "a stolen lock that is taken for none": [GROUP, '.name === "AbortError"', '.name === ""'],
  "a lock that is kept at a sign-out": [CONNECTION, "if (user !== next) leaveGroup();", ""],
  "a lock that is kept at the end": [
    CONNECTION,
    '      rest("closed");\n      leaveGroup();',
    '      rest("closed");',
  ],
  "a lock that is kept by a page that is left": [
    CONNECTION,
    'if (["freeze", "pagehide"].includes(type)) return goIdle();',
    "",
  ],
  "a page that is back and takes no part": [
    CONNECTION,
    '["resume", "pageshow"].includes(type)',
    "false",
  ],
  "one group for all users": [CONNECTION, "file-events/1 ${user} ", "file-events/1 "],
  "tabs that are never told all": [GROUP, 'mustTellAll ||= question === "all";', ""],
  "tabs that do not ask for all": [GROUP, 'group.ask("all");\n    }', "}"],
  "a list of a leader that has none yet": [
    GROUP,
    'news.phase === "live" || !replica.isLoaded',
    "true",
  ],
  "a leader that tells nothing of its events": [CONNECTION, "group?.tell(event);", ""],
  "a tab that is told only of what it has": [
    "store/replica.ts",
    "...(snapshot ? [nextStart, ...updatesOf(snapshot)] : []),",
    "",
  ],
};

Deno.test("schedules find nothing wrong with a copy of the client", async () => {
  const copy = await mutateClient(GROUP, "isTelling = true;", "isTelling = true;");
  await fc.assert(playing(copy), { numRuns: 50 });
});

for (const [name, mutation] of Object.entries(MUTATIONS)) {
  Deno.test(`schedules catch a client with ${name}`, async () => {
    await assertFindsFault(playing(await mutateClient(...mutation)), {
      schedules: MAX_SCHEDULES,
      examples: TELLING_TABS_SCHEDULES,
    });
  });
}
