import assert from "node:assert/strict";
import { StreamPlaces } from "../../../supabase/functions/file-events/http/stream_places.ts";
import type { FileStream } from "../../../supabase/functions/file-events/stream/file_stream.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";

/** A stream whose client may have left: then the second heartbeat ends it. */
class FakeStream implements FileStream {
  heartbeats = 0;
  clientHasLeft = false;
  readonly #end = new AbortController();

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  sendHeartbeat(): void {
    if (++this.heartbeats === 2 && this.clientHasLeft) this.end();
  }

  end(): void {
    this.#end.abort();
  }
}

function createPlaces({ maxStreams = 500, maxStreamsPerUser = 20 } = {}) {
  const clock = new FakeClock();
  const places = new StreamPlaces({ maxStreams, maxStreamsPerUser, clock });
  /** The streams that were opened, in the order in which they were. */
  const opened: FakeStream[] = [];
  async function open(userId: string, signal?: AbortSignal): Promise<FakeStream> {
    const stream = new FakeStream();
    await places.open(userId, () => {
      opened.push(stream);
      return stream;
    }, signal && { signal });
    return stream;
  }
  return { places, open, opened, clock };
}

const fail = (): never => {
  throw new Error("broken");
};
const tooMany = { code: "TOO_MANY_STREAMS", status: 429, userId: "ann" };
const overloaded = { code: "OVERLOADED", status: 503 };

Deno.test("StreamPlaces opens a stream at once while the user has places", async () => {
  const { open, opened, clock } = createPlaces({ maxStreamsPerUser: 3 });
  for (let n = 0; n < 3; n++) void open("ann");
  await settle();
  assert.equal(opened.length, 3);
  assert.equal(clock.pending, 0);
});

Deno.test("StreamPlaces refuses at the user's limit after two heartbeats, and ends no older stream", async () => {
  const { open, opened, clock } = createPlaces({ maxStreamsPerUser: 2 });
  for (let n = 0; n < 2; n++) await open("ann");
  const refused = assert.rejects(open("ann"), tooMany);
  await clock.advance(799);
  assert.equal(opened.length, 2);
  assert.equal(clock.pending, 1);
  await clock.advance(1);
  await refused;
  assert.deepEqual(opened.map(({ heartbeats }) => heartbeats), [2, 2]);
  assert.ok(opened.every(({ signal }) => !signal.aborted));
  assert.equal(clock.pending, 0);
});

Deno.test("StreamPlaces gives the place of a stream that a heartbeat has ended to the request that waits", async () => {
  const { open, opened, clock } = createPlaces({ maxStreamsPerUser: 2 });
  await open("ann");
  (await open("ann")).clientHasLeft = true;
  void open("ann");
  await clock.advance(400);
  assert.equal(opened.length, 3);
  assert.equal(clock.pending, 0, "nobody waits, so no heartbeat follows");
});

Deno.test("StreamPlaces serves those who wait in order, before a new request", async () => {
  const { open, opened } = createPlaces({ maxStreamsPerUser: 2 });
  for (let n = 0; n < 2; n++) await open("ann");
  const served: string[] = [];
  const request = (name: string) => void open("ann").then(() => served.push(name));
  request("first");
  request("second");
  opened[0]?.end();
  request("newest");
  opened[1]?.end();
  await settle();
  assert.deepEqual(served, ["first", "second"]);
  opened[2]?.end();
  await settle();
  assert.deepEqual(served, ["first", "second", "newest"]);
});

Deno.test("StreamPlaces lets requests that wait share heartbeats, and each see two of them", async () => {
  const { open, opened, clock } = createPlaces({ maxStreamsPerUser: 10 });
  for (let n = 0; n < 10; n++) await open("ann");
  const refusedAt: number[] = [];
  const start = clock.now();
  const request = () => void open("ann").catch(() => refusedAt.push(clock.now() - start));
  for (let n = 0; n < 5; n++) request();
  await clock.advance(100);
  for (let n = 0; n < 5; n++) request();
  await clock.advance(2_000);
  assert.deepEqual(refusedAt, [800, ...Array(9).fill(1_200)]);
  assert.equal(opened[0]?.heartbeats, 3);
});

Deno.test("StreamPlaces lets as many requests of a user wait as the user may have streams", async () => {
  const { open, opened, clock } = createPlaces();
  const refused: unknown[] = [];
  for (let n = 0; n < 10_000; n++) void open("ann").catch((error) => refused.push(error.code));
  await settle();
  assert.equal(opened.length, 20);
  assert.equal(refused.length, 9_960);
  assert.equal(clock.pending, 1);
  await clock.advance(2_000);
  assert.equal(refused.length, 9_980);
  assert.ok(refused.every((code) => code === "TOO_MANY_STREAMS"));
  assert.equal(opened[0]?.heartbeats, 3);
});

Deno.test("StreamPlaces refuses a claimed user whose requests fill their queue, and nobody else", async () => {
  const { places, open, clock } = createPlaces({ maxStreamsPerUser: 1 });
  await open("ann");
  await open("bob");
  places.checkClaimedUser(() => assert.fail("no queue is full, so nothing is read"));
  const refused = assert.rejects(open("ann"), tooMany);
  assert.throws(() => places.checkClaimedUser(() => "ann"), tooMany);
  for (const user of ["bob", "cyd"]) places.checkClaimedUser(() => user);
  await clock.advance(800);
  await refused;
  places.checkClaimedUser(() => "ann");
});

Deno.test("StreamPlaces keeps the isolate's places for others while a user's requests wait", async () => {
  const { open, opened } = createPlaces({ maxStreams: 40 });
  for (let n = 0; n < 10_000; n++) open("ann").catch(() => {});
  for (let n = 0; n < 20; n++) void open("bob");
  await settle();
  assert.equal(opened.length, 40);
});

Deno.test("StreamPlaces refuses at the isolate's limit at once, whoever asks", async () => {
  const { places, open, clock } = createPlaces({ maxStreams: 2, maxStreamsPerUser: 1 });
  for (const user of ["ann", "bob"]) {
    places.checkIsolate();
    await open(user);
  }
  assert.throws(() => places.checkIsolate(), overloaded);
  await assert.rejects(open("cyd"), overloaded);
  await assert.rejects(open("ann"), overloaded);
  assert.equal(clock.pending, 0);
});

Deno.test("StreamPlaces does not exceed the isolate's limit when a place is handed over", async () => {
  const { open, opened } = createPlaces({ maxStreams: 2, maxStreamsPerUser: 1 });
  const first = await open("ann");
  void open("ann");
  await open("bob");
  first.end();
  await assert.rejects(open("cyd"), overloaded);
  await settle();
  assert.equal(opened.length, 3);
  opened.at(-1)?.end();
  await open("cyd");
});

Deno.test("StreamPlaces sends no heartbeat to a stream that has ended", async () => {
  const { open, opened, clock } = createPlaces({ maxStreamsPerUser: 2 });
  for (let n = 0; n < 2; n++) await open("ann");
  opened[0]?.end();
  await open("ann");
  const refused = assert.rejects(open("ann"), tooMany);
  await clock.advance(800);
  await refused;
  assert.deepEqual(opened.map(({ heartbeats }) => heartbeats), [0, 2, 2]);
});

Deno.test("StreamPlaces has a place again when a stream ends, or could not be opened", async (t) => {
  const ways: Record<string, (it: ReturnType<typeof createPlaces>) => Promise<unknown>> = {
    "it ends": async ({ open }) => (await open("ann")).end(),
    "open throws": ({ places }) => assert.rejects(places.open("ann", fail), /broken/),
    "it has ended before it is returned": ({ places }) =>
      places.open("ann", () => {
        const stream = new FakeStream();
        stream.end();
        return stream;
      }),
    "open throws for a request that has waited": async ({ places, open }) => {
      const stream = await open("ann");
      const waiting = assert.rejects(places.open("ann", fail), /broken/);
      stream.end();
      await waiting;
    },
  };
  for (const [name, use] of Object.entries(ways)) {
    await t.step(name, async () => {
      const it = createPlaces({ maxStreams: 2, maxStreamsPerUser: 1 });
      for (let n = 0; n < 3; n++) await use(it);
      for (const user of ["ann", "bob"]) await it.open(user);
      assert.throws(() => it.places.checkIsolate(), overloaded);
      assert.equal(it.clock.pending, 0);
    });
  }
});

Deno.test("StreamPlaces frees a place once, however often its stream ends", async () => {
  const { places, open } = createPlaces({ maxStreams: 1 });
  const stream = await open("ann");
  stream.end();
  stream.end();
  await open("bob");
  assert.throws(() => places.checkIsolate(), overloaded);
});

Deno.test("StreamPlaces gives no place to a client that left while it waited", async () => {
  const { open, opened, clock } = createPlaces({ maxStreamsPerUser: 2 });
  const [first] = [await open("ann"), await open("ann")];
  const client = new AbortController();
  const gone = assert.rejects(open("ann", client.signal), { name: "AbortError" });
  void open("ann");
  client.abort();
  first.end();
  await gone;
  assert.equal(opened.length, 3);
  assert.equal(clock.pending, 0);
});

Deno.test("StreamPlaces reads the signal of a client before it waits, or Deno would not watch it", async () => {
  const { places, open } = createPlaces({ maxStreamsPerUser: 1 });
  const first = await open("ann");
  let isRead = false;
  const client = {
    get signal() {
      isRead = true;
      return first.signal;
    },
  };
  void places.open("ann", () => new FakeStream(), client).catch(() => {});
  assert.ok(isRead);
});

Deno.test("StreamPlaces frees the place if every client that waited for it has left", async () => {
  const { places, open } = createPlaces({ maxStreams: 2, maxStreamsPerUser: 1 });
  const first = await open("ann");
  const client = new AbortController();
  const gone = assert.rejects(open("ann", client.signal), { name: "AbortError" });
  client.abort();
  first.end();
  await gone;
  await open("bob");
  places.checkIsolate();
  await open("ann");
});

Deno.test("StreamPlaces finds dead streams when the isolate is full, with a heartbeat every 5 s at most", async () => {
  const { places, open, opened, clock } = createPlaces({ maxStreams: 2 });
  await open("ann");
  (await open("ben")).clientHasLeft = true;
  const refuse = () => assert.throws(() => places.checkIsolate(), overloaded);
  refuse();
  refuse();
  assert.deepEqual(opened.map(({ heartbeats }) => heartbeats), [1, 1]);
  await clock.advance(5_000);
  refuse();
  assert.deepEqual(opened.map(({ heartbeats }) => heartbeats), [2, 2]);
  places.checkIsolate();
  await open("cid");
});
