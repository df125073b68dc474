import assert from "node:assert/strict";
import * as fc from "fast-check";
import { server } from "../../support/test_server.ts";
import { assertFindsFault, WRONGDOING } from "../assert_finds_fault.ts";
import { PostgresDatabase } from "./postgres_database.ts";
import { playOnPostgres } from "./postgres_play.ts";
import {
  EXCHANGE_OF_IDS,
  POSTGRES_TELLING_SCHEDULES,
  type TellingName,
  withDeferrableKey,
} from "./postgres_telling_schedules.ts";
import { postgresSchedule, type PostgresWrite } from "./postgres_write.ts";
import { replaceOnce } from "../replace_once.ts";
import type { Schedule } from "../step.ts";
import { TELLING_SCHEDULES } from "../telling_schedules.ts";

// The schedules of postgres_test.ts prove something only if they catch each of these.

const MAX_SCHEDULES = 1000;

type Mutate = (migration: string) => string;

const replace = (from: string, to: string): Mutate => (migration) =>
  replaceOnce(migration, from, to);
const dropTrigger = (name: string): Mutate => (migration) =>
  `${migration} drop trigger ${name} on public.files;`;

/** Mutations that random schedules soon meet. */
const FREQUENT: Record<string, Mutate> = {
  "a cursor that covers transactions which run": (migration) => {
    const withoutRunning = replace("where t.id < snapshot_max", "where false")(migration);
    return replace("bound := snapshot_min;", "")(withoutRunning);
  },
  "a cursor that covers transactions which it can't name": replace(
    "bound := running[max_running + 1];",
    "",
  ),
  "a cursor that covers only what lies below all that runs": replace(
    "coalesce(running[1], snapshot_max) > snapshot_min",
    "true",
  ),
  "a cursor that moves while a client pages": replace(
    "bound := covered[1];\n      running := covered[2:];",
    "",
  ),
  "pruning that goes by time": replace("d.changed_in < state.pruned_below and", ""),
  "deletes without tombstones": dropTrigger("file_events_leave_tombstones_on_delete"),
  "changes of owner without tombstones": dropTrigger("file_events_leave_tombstones_on_update"),
  "TRUNCATE without tombstones": dropTrigger("file_events_leave_tombstones_on_truncate"),
};

for (const [name, mutate] of Object.entries(FREQUENT)) {
  Deno.test(`random schedules on PostgreSQL catch ${name}`, async () => {
    await using database = await PostgresDatabase.create(server, { mutate });
    const property = fc.asyncProperty(
      postgresSchedule,
      async (schedule) => void await playOnPostgres(database, schedule),
    );
    await assertFindsFault(property, { schedules: MAX_SCHEDULES });
  });
}

async function assertTells(mutate: Mutate, schedule: Schedule<PostgresWrite>): Promise<void> {
  await using database = await PostgresDatabase.create(server, { mutate });
  await assert.rejects(playOnPostgres(database, schedule), WRONGDOING);
}

/** Mutations that need a telling schedule, by its name. */
const RARE: Record<string, [Mutate, TellingName]> = {
  "a cursor that is good for other rights": [
    replace("auth.jwt() - array['exp', 'iat', 'nbf', 'jti', 'session_id', 'amr']", "null"),
    "a token may read more",
  ],
  "inserts that tombstones outrank": [
    dropTrigger("file_events_outrank_tombstones_on_insert"),
    "an insert waits for a delete",
  ],
  "failing inserts that tombstones outrank": [
    dropTrigger("file_events_outrank_tombstones_on_insert"),
    "a failing insert waits for a delete",
  ],
  "changes of id that tombstones outrank": [
    dropTrigger("file_events_outrank_tombstones_on_update"),
    "a change of id waits for a delete",
  ],
  "inserts that look for tombstones in their snapshot only": [
    replace(
      "if current_setting('transaction_isolation') = 'read committed' then\n    ids",
      "if true then\n    ids",
    ),
    "an insert waits for a delete that it can't see",
  ],
  "TRUNCATE that keeps the epoch": [
    replace(
      "set epoch = gen_random_uuid() where singleton;\n  end if;\n  return null;",
      "set epoch = epoch where singleton;\n  end if;\n  return null;",
    ),
    "TRUNCATE removes a row that it can't see",
  ],
  "cursors that outlive what was pruned": [
    replace("or coalesce(covered[2], covered[1]) < pruned_below", ""),
    "a cursor is older than what was pruned",
  ],
  "cursors within a page that outlive what was pruned": [
    replace("or part[2] is not distinct from 'c' and part[4]::xid8 < pruned_below", ""),
    "what a client has yet to page through is pruned",
  ],
  "a function whose queries don't share a snapshot": [
    replace("language plpgsql stable security invoker", "language plpgsql security invoker"),
    "a query waits for a lock while what it needs is pruned",
  ],
  "tombstones of files that are back": [
    replace(
      `and not exists (
          select from public.files f where f.id = d.id and f.user_id = caller
        )`,
      "",
    ),
    "a file that is back comes on an earlier page than its tombstone",
  ],
};

for (const [name, [mutate, telling]] of Object.entries(RARE)) {
  Deno.test(`a telling schedule on PostgreSQL catches ${name}`, async () => {
    await assertTells(mutate, POSTGRES_TELLING_SCHEDULES[telling]);
  });
}

Deno.test("a telling schedule on PostgreSQL catches a revision that lags behind", async () => {
  const lag = replace(
    "select r.last_value into strict last_revision",
    "select 0 into strict last_revision",
  );
  // One more transaction stays open than a cursor can name.
  const limit = replace("max_running constant integer := 2;", "max_running constant integer := 1;");
  await assertTells((migration) => lag(limit(migration)), TELLING_SCHEDULES[1]!);
});

Deno.test("an exchange of ids on PostgreSQL catches tombstones that outrank living rows", async () => {
  // A statement leaves no tombstone for an id that its owner still has, and what has one draws again.
  const keepRevision: Mutate = (migration) => {
    const withTombstones = replace(
      "select n.id, n.user_id from new_files n\n    ) gone",
      "select null::uuid, null::uuid\n    ) gone",
    )(migration);
    const withoutStamp = replace("perform file_events.stamp_again(ids, 0);", "null;");
    return dropTrigger("file_events_outrank_tombstones_on_update")(withoutStamp(withTombstones));
  };
  await assertTells((migration) => withDeferrableKey(keepRevision(migration)), EXCHANGE_OF_IDS);
});
