import * as fc from "fast-check";
import type { createFileEvents } from "../../../client/create_file_events.ts";
import { runs } from "../runs.ts";
import { assertFindsFault } from "../assert_finds_fault.ts";
import { SeamWorld } from "../seam_world.ts";
import { TELLING_SCHEDULES } from "../telling_schedules.ts";
import { ModelDatabase } from "./model_database.ts";
import { mutateClient } from "../mutate_client.ts";
import { type SeamSchedule, seamSchedule } from "./seam_schedule.ts";

// The schedules of seam_test.ts prove something of the client only if they catch each of these.

const MAX_SCHEDULES = 3000;

function playing(createClient: typeof createFileEvents): fc.IAsyncProperty<[SeamSchedule]> {
  return fc.asyncProperty(seamSchedule, async ({ steps, ...options }) => {
    const world = new SeamWorld({
      ...options,
      createClient,
      database: (onCommit) => new ModelDatabase({ onCommit }),
    });
    await world.run(steps);
    await world.agree();
  });
}

/** By what is wrong: a file of the client, a text in it, and what replaces it. */
const MUTATIONS: Record<string, [path: string, from: string, to: string]> = {
  "an id that outlives its files": ["store/replica.ts", 'replica.cursor = "";', ""],
  "an id that outlives a reset": [
    "store/replica.ts",
    "replica.cursor = id ?? replica.cursor;",
    'if (event.eventType !== "reset") replica.cursor = id ?? replica.cursor;',
  ],
  "a list that is empty from its reset on": [
    "store/replica.ts",
    "snapshot = new Map();",
    "files.clear();",
  ],
  "a new list that is added to the old one": [
    "store/replica.ts",
    "for (const id of files.keys()) if (!target.has(id)) files.delete(id);",
    "",
  ],
  "deletions that are ignored": ["store/replica.ts", "target.delete(event.file.id);", ""],
  "files that become other objects without a change": [
    "store/replica.ts",
    "JSON.stringify(known) === JSON.stringify(file) ? known! : file",
    "file",
  ],
  "a list in the order of arrival": [
    "create_file_events.ts",
    "sortFiles(replica.files.values())",
    "[...replica.files.values()]",
  ],
  "files that stay for the next user": [
    "connection/connection.ts",
    "if (isOther) onUserGone();",
    "",
  ],
  "files that stay for the next user until the next frame": [
    "create_file_events.ts",
    "      tell();\n    },\n    onChange",
    "    },\n    onChange",
  ],
  "files that stay for the next user while nobody listens": [
    "connection/connection.ts",
    'else setUser("");',
    "",
  ],
  "events of the next user": [
    "create_file_events.ts",
    " || generation !== firstGeneration",
    "",
  ],
  "consumers that hear only of what is there": ["create_file_events.ts", "    wake();\n", ""],
  "a silence that nobody notices": [
    "connection/connection.ts",
    'else wait("silence");',
    "",
  ],
  "a sign-in that is not heard of": [
    "connection/connection.ts",
    'phase === "signed-out" || isOther',
    "isOther",
  ],
};

Deno.test("schedules find nothing wrong with a copy of the client", async () => {
  const copy = await mutateClient("store/replica.ts", "files.clear();", "files.clear();");
  await fc.assert(playing(copy), runs(100));
});

for (const [name, mutation] of Object.entries(MUTATIONS)) {
  Deno.test(`schedules catch a client with ${name}`, async () => {
    await assertFindsFault(playing(await mutateClient(...mutation)), {
      schedules: MAX_SCHEDULES,
      examples: TELLING_SCHEDULES,
    });
  });
}
