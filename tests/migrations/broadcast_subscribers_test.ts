import assert from "node:assert/strict";
import { createClient, type RealtimeChannel } from "@supabase/supabase-js";
import { demoUsers, signIn } from "../../local/demo_users.ts";
import { startStack } from "../../local/stack.ts";
import { deadline } from "../support/deadline.ts";
import { until } from "../support/until.ts";

const stack = await startStack({
  withFunction: false,
  realtime: { refusedJoinMs: 30 },
  log: (line) => assert.fail(line),
});
Deno.test.afterAll(() => stack.stop());
const [ada, grace] = await Promise.all(demoUsers.map(async (user) => {
  const token = await signIn(stack, user);
  const { sub } = JSON.parse(atob(token.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/")));
  return { token, id: sub as string };
}));

interface Heard {
  event: string;
  payload: { operation?: string; file?: { filename?: string; progress?: number } };
}

interface Listener extends AsyncDisposable {
  channel: RealtimeChannel;
  /** SUBSCRIBED, or why the join was refused. */
  status: string;
  /** In the order of arrival. */
  heard: Heard[];
}

/** Joins `topic` with the real supabase-js. */
async function listen(
  topic: string,
  { token, isPrivate = true }: { token?: string; isPrivate?: boolean },
): Promise<Listener> {
  const client = createClient(stack.url, stack.publishableKey, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  if (token) await client.realtime.setAuth(token);
  const heard: Heard[] = [];
  const channel = client.channel(topic, { config: { private: isPrivate } });
  for (const event of ["change", "ping", "many"]) {
    channel.on("broadcast", { event }, ({ payload }) => heard.push({ event, payload }));
  }
  const joined = Promise.withResolvers<string>();
  channel.subscribe((status, error) =>
    joined.resolve(status === "SUBSCRIBED" ? status : error?.message ?? status)
  );
  return {
    channel,
    status: await deadline(joined.promise, "answer to the join"),
    heard,
    [Symbol.asyncDispose]: async () => {
      await client.removeAllChannels();
      await client.realtime.disconnect();
    },
  };
}

/** What many projects have, until it is disposed. */
async function addPermissivePolicies(): Promise<AsyncDisposable> {
  await stack.database.execute(`
    create policy open_read on realtime.messages for select using (true);
    create policy open_write on realtime.messages for insert with check (true);
  `);
  return {
    [Symbol.asyncDispose]: () =>
      stack.database.execute(`
        drop policy open_read on realtime.messages;
        drop policy open_write on realtime.messages;
      `),
  };
}

/** PostgREST as a signed-in user. */
function rest({ token }: { token: string }) {
  return createClient(stack.url, stack.publishableKey, {
    accessToken: () => Promise.resolve(token),
  })
    .from("files");
}

/** Whatever was sent to `listener` before this has arrived once this has. */
async function flush({ heard }: Listener, owner: { token: string }): Promise<Heard[]> {
  const filename = `last ${crypto.randomUUID()}`;
  const { error } = await rest(owner).insert({ filename, file_type: "pdf" });
  assert.equal(error, null);
  await until(() => heard.some(({ payload }) => payload.file?.filename === filename), filename);
  return heard.splice(0).filter(({ payload }) => payload.file?.filename !== filename);
}

Deno.test("an owner who joins files:<id> privately hears each change, and hints of many", async () => {
  await using listener = await listen(`files:${ada!.id}`, ada!);
  assert.equal(listener.status, "SUBSCRIBED");
  const file = { id: crypto.randomUUID(), filename: "a.pdf", file_type: "pdf" };
  await rest(ada!).insert(file);
  await rest(ada!).update({ progress: 50 }).eq("id", file.id);
  await rest(ada!).update({ progress: 50 }).eq("id", file.id);
  await rest(grace!).insert({ ...file, id: crypto.randomUUID(), filename: "grace's" });
  await rest(ada!).delete().eq("id", file.id);
  await rest(ada!).insert(
    Array.from({ length: 51 }, (_, i) => ({ filename: `many ${i}`, file_type: "pdf" })),
  );
  const heard = await flush(listener, ada!);
  assert.deepEqual(
    heard.map(({ event, payload: { operation, file } }) => [event, operation, file?.progress]),
    [
      ["change", "update", 0],
      ["change", "update", 50],
      ["change", "delete", undefined],
      ["ping", undefined, undefined],
    ],
  );
});

for (
  const [who, caller] of [
    ["another user", { token: grace!.token }],
    ["a caller without a user's token", {}],
  ] as const
) {
  Deno.test(`${who} who joins files:<id> privately is refused`, async () => {
    await using listener = await listen(`files:${ada!.id}`, caller);
    assert.match(listener.status, /You do not have permissions to read from this Channel topic/);
    await using witness = await listen(`files:${ada!.id}`, ada!);
    await flush(witness, ada!);
    assert.deepEqual(listener.heard, []);
  });
}

Deno.test("a public join of files:<id> hears nothing, the owner's included", async () => {
  await using byGrace = await listen(`files:${ada!.id}`, { ...grace!, isPrivate: false });
  await using byAda = await listen(`files:${ada!.id}`, { ...ada!, isPrivate: false });
  await using witness = await listen(`files:${ada!.id}`, ada!);
  assert.equal(byGrace.status, "SUBSCRIBED");
  await flush(witness, ada!);
  assert.deepEqual([...byGrace.heard, ...byAda.heard], []);
});

for (const isOpen of [false, true]) {
  Deno.test(`channel.send() to files:<id> reaches nobody${isOpen ? ", whatever permissive policies there are" : ""}`, async () => {
    await using _policies = isOpen ? await addPermissivePolicies() : null;
    await using witness = await listen(`files:${ada!.id}`, ada!);
    await using own = await listen(`files:${ada!.id}`, ada!);
    await using foreign = await listen(`files:${ada!.id}`, grace!);
    await using open = await listen(`files:${ada!.id}`, { ...grace!, isPrivate: false });
    assert.equal(own.status, "SUBSCRIBED");
    assert.notEqual(foreign.status, "SUBSCRIBED");
    // The public channel of that name is another one; there alone the sender is heard.
    await using bystander = await listen(`files:${ada!.id}`, { ...grace!, isPrivate: false });
    const message = { type: "broadcast", event: "change", payload: { operation: "forged" } };
    await own.channel.send(message as never);
    await open.channel.send(message as never);
    await until(() => bystander.heard.length > 0, "public message");
    assert.deepEqual(await flush(witness, ada!), []);
    assert.deepEqual(foreign.heard, []);
  });
}

Deno.test("permissive policies of a project open no other user's files:<id>, and still open its rooms", async () => {
  await using _policies = await addPermissivePolicies();
  await using foreign = await listen(`files:${ada!.id}`, grace!);
  assert.match(foreign.status, /do not have permissions/);
  await using room = await listen("room:1", grace!);
  await using sender = await listen("room:1", ada!);
  await sender.channel.send({ type: "broadcast", event: "change", payload: {} });
  await until(() => room.heard.length > 0, "message in the room");
});
