import assert from "node:assert/strict";
import { contenders, environmentOf } from "../../bench/contenders/contenders.ts";
import { type StandIn, startStandIn } from "../../bench/stand_in/stand_in.ts";
import { createUsers, type User } from "../../bench/stand_in/users.ts";
import { startFunction } from "../../local/function_process.ts";
import { isType } from "../support/event_predicates.ts";
import { EventStream, type StreamEvent } from "../support/event_stream.ts";
import { until } from "../support/until.ts";

const { users, jwk } = await createUsers(1);
const user = users[0]!;
/** More than a catch-up after the join can bring. */
const CHANGES = 10;

for (const contender of contenders.filter(({ isOurs }) => isOurs)) {
  Deno.test(`the stand-in serves the function as Supabase does: ${contender.label}`, async () => {
    using standIn = await startStandIn();
    await standIn.configure({ jwks: [jwk], filesPerUser: 501 });
    await using running = await start(environmentOf(contender, standIn.url));
    const open = (headers = {}) =>
      openStream(running.url, user.tokens[contender.algorithm], headers);

    await using first = await open();
    await first.next(isType("ready"), "ready");
    assert.deepEqual(countTypes(first.events), { "reset": 1, "file-update": 501, "ready": 1 });

    await joined(standIn);
    const { queries } = await standIn.counts();
    for (let n = 0; n < CHANGES; n++) {
      await standIn.emitFor([user.id]);
      const change = await first.next(isType("file-update"), "the change that was made");
      assert.match(change.file!.processing_stage!, /^at \d+\.\d{3}$/);
    }
    // Else catch-ups have brought them, and Realtime's messages were not understood.
    assert.ok((await standIn.counts()).queries - queries < CHANGES);
    const { lastEventId } = first;
    await first.close();

    await standIn.emitFor([user.id]);
    await using second = await open({ "last-event-id": lastEventId });
    await second.next(isType("ready"), "ready");
    assert.equal(countTypes(second.events)["reset"], undefined);
    assert.equal(countTypes(second.events)["file-update"], 1);
  });
}

Deno.test("the stand-in's restart drops the channels, and the function joins again", async () => {
  using standIn = await startStandIn();
  await standIn.configure({ jwks: [jwk], filesPerUser: 0 });
  await using running = await start(environmentOf(contenders[0]!, standIn.url));
  await using stream = await openStream(running.url, user.tokens.ES256);
  await stream.next(isType("ready"), "ready");
  await joined(standIn);
  await standIn.restart(0);
  assert.equal((await standIn.joinTimes()).size, 0);
  await joined(standIn);
});

async function start(environment: Record<string, string>) {
  const running = await startFunction(environment, { log: () => {} });
  return { url: running.url()!, [Symbol.asyncDispose]: () => running.stop() };
}

function openStream(url: string, token: string, headers = {}): Promise<EventStream> {
  return EventStream.open(`${url}/file-events`, { authorization: `Bearer ${token}`, ...headers });
}

function joined(standIn: StandIn, { id }: User = user): Promise<void> {
  return until(async () => (await standIn.joinTimes()).has(id), "the user's channel");
}

function countTypes(events: readonly StreamEvent[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { eventType } of events) counts[eventType] = (counts[eventType] ?? 0) + 1;
  return counts;
}
