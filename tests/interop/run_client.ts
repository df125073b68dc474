import assert from "node:assert/strict";
import type { Stack } from "../../local/stack.ts";
import { createClientStage } from "../support/client_stage.ts";
import { mintTestUser } from "../support/test_user.ts";
import { until } from "../support/until.ts";
import { assertMissesNothing } from "./assert_misses_nothing.ts";
import type { Client } from "./client.ts";
import type { Route } from "./routes.ts";

/** More bytes of events than the eight buffers of 4 kB that nginx has for an answer. */
const FILES = 120;

/** Has line breaks that only some decoders take for such, and characters that a chunk can break. */
const FILENAME = "odd\u2028name\u0085 äöü 😀.txt";

/**
 * Asserts that a client misses nothing on a route, as a user who has many files, and that its stream
 * ends when it leaves.
 *
 * @returns What the route tells of its answers.
 */
export async function runClient(
  stack: Stack,
  client: Client,
  startRoute: (url: string) => Promise<Route>,
): Promise<string[] | undefined> {
  const { database } = stack;
  const user = await mintTestUser(stack);
  await database.query(
    `insert into public.files (user_id, filename, file_type)
      select $1, number || $2, 'text/plain' from generate_series(1, $3) number`,
    [user.id, FILENAME, FILES],
  );
  await using stage = createClientStage(stack, user.id);
  await using route = await startRoute(stage.url);
  const { url, certificate, cut: cutConnection } = route;
  const torn: string[] = [];
  const receive = (data: string) => {
    try {
      stage.receive(data);
    } catch {
      torn.push(data);
    }
  };
  {
    await using _running = await client.open({ url, certificate, token: user.token, receive });
    await assertMissesNothing({ stage, user, database, cutConnection });
  }
  await until(() => stage.relay.openStreams() === 0, "end of the stream of a client that has left");
  assert.deepEqual(torn, [], "events that are no JSON");
  return await route.answers?.();
}
