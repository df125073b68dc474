import assert from "node:assert/strict";
import { type Stack, startStack } from "../../local/stack.ts";
import { until } from "../support/until.ts";
import { normalFrames } from "./normal_frames.ts";
import { openRawSocket, type RawSocket } from "./raw_socket.ts";
import { broadcastSql, recordedSchema, tombstonesSql } from "./recorded_schema.ts";
import { recordedFrames, scenarios } from "../support/recording.ts";
import { mintToken } from "../../local/mint_token.ts";
import { OTHER_USER_ID, USER_ID } from "../support/access_tokens.ts";

/** How to bring about what happened when the frames of a scenario were recorded. */
interface Staging {
  /** For each socket, the tokens in the order in which it sends them. */
  tokens: () => Promise<string>[][];
  /** What happens once a socket has got so many frames: `"<socket>:<frames>"`. */
  after?: Record<string, (stack: Stack) => Promise<void>>;
  refused?: boolean;
}

const [user1, user2] = [USER_ID, OTHER_USER_ID];
const refusedJoinMs = 60;
const insert = ({ database }: Stack) =>
  database.execute(`insert into files (user_id, filename, file_type)
    values ('${user1}', 'report.pdf', 'application/pdf')`);
const insertPdf = ({ database }: Stack) =>
  database.execute(`insert into files (user_id, filename, file_type)
    values ('${user1}', 'x.pdf', 'pdf')`);
const progress = (value: number) => ({ database }: Stack) =>
  database.execute(`update files set progress = ${value}`);
const compress = ({ database }: Stack) =>
  database.execute(
    "update files set status = 'processing', progress = 40, processing_stage = 'compression'",
  );
const remove = ({ database }: Stack) => database.execute("delete from files");

const stagings: Record<string, Staging> = {
  postgres_changes_lifecycle: {
    tokens: () => [[mintToken(user1)]],
    after: { "1:2": insert, "1:3": compress, "1:4": remove },
  },
  postgres_changes_wait: { tokens: () => [[mintToken(user1)]] },
  replica_identity_full: {
    tokens: () => [[mintToken(user1)], [mintToken(user2)]],
    after: {
      "2:2": async (stack) => {
        await stack.database.execute("alter table files replica identity full");
        await insert(stack);
      },
      "1:3": progress(10),
      "1:4": async (stack) => {
        await remove(stack);
        await stack.database.execute("alter table files replica identity default");
      },
    },
  },
  join_expired: { tokens: () => [[mintToken(user1, { seconds: -10 })]], refused: true },
  join_garbage: { tokens: () => [[Promise.resolve("not-a-jwt")]], refused: true },
  join_wrong_secret: { tokens: () => [[mintToken(user1, { secret: "another" })]], refused: true },
  join_no_role: { tokens: () => [[mintToken(user1, { role: undefined })]], refused: true },
  token_expires: { tokens: () => [[mintToken(user1, { seconds: 2 })]] },
  token_refreshed: { tokens: () => [[mintToken(user1, { seconds: 60 }), mintToken(user1)]] },
  same_topic_twice: { tokens: () => [[mintToken(user1), mintToken(user1)]] },
  broadcast_from_database: {
    tokens: () => [user1, user1, user2, user2].map((user) => [mintToken(user)]),
    after: {
      "2:1": insert,
      "1:3": progress(10),
      "1:4": remove,
    },
  },
  broadcast_replay: { tokens: () => [[mintToken(user1)]] },
  tombstones_and_send: {
    tokens: () => [user1, user1, user2].map((user) => [mintToken(user)]),
    after: { "1:2": insertPdf, "1:3": progress(5), "1:4": remove },
  },
};

Deno.test("Realtime sends the frames of a real server", async (t) => {
  await using stack = await startStack({
    withFunction: false,
    scripts: recordedSchema,
    realtime: { refusedJoinMs, refusedKeyMs: 30, resubscribeMs: 20 },
    log: (line) => assert.fail(line),
  });
  for (const scenario of scenarios.filter((name) => name !== "bad_apikey")) {
    await t.step(scenario, async () => {
      await stack.database.execute("delete from files");
      if (scenario === "broadcast_from_database") await stack.database.execute(broadcastSql);
      if (scenario === "tombstones_and_send") {
        await stack.database.execute("drop trigger broadcast on files");
        await stack.database.execute(tombstonesSql);
      }
      const { played, recorded, elapsed } = await replay(stack, scenario, stagings[scenario]!);
      assert.deepEqual(played, recorded);
      if (stagings[scenario]!.refused) assert.ok(elapsed >= refusedJoinMs - 1, `${elapsed} ms`);
    });
  }
});

async function replay(stack: Stack, scenario: string, { tokens, after = {} }: Staging) {
  await using sockets = new AsyncDisposableStack();
  const frames = recordedFrames(scenario);
  const opened = new Map<number, RawSocket>();
  const received = new Map<number, (string | ArrayBuffer)[]>();
  for (const { socket, content, dir } of frames) {
    if (dir === "IN" || opened.has(socket)) continue;
    const vsn = (content as string).startsWith("{") ? "1.0.0" : "2.0.0";
    opened.set(
      socket,
      sockets.use(await openRawSocket(stack.url, { apikey: stack.publishableKey, vsn })),
    );
    received.set(socket, []);
  }
  const remaining = tokens();
  const began = performance.now();
  for (const { socket, dir, content } of frames) {
    if (dir === "OUT") {
      const token = await remaining[socket - 1]!.shift()!;
      opened.get(socket)!.send((content as string).replace("<JWT>", token));
      continue;
    }
    const ofSocket = received.get(socket)!;
    ofSocket.push(await opened.get(socket)!.next());
    await after[`${socket}:${ofSocket.length}`]?.(stack);
  }
  const elapsed = performance.now() - began;
  await outboxesEmpty(stack);
  for (const [socket, rawSocket] of opened) received.get(socket)!.push(...await rawSocket.rest());

  const bySocket = (socket: number) =>
    frames.filter((frame) => frame.dir === "IN" && frame.socket === socket).map((f) => f.content);
  return {
    played: [...received].map(([socket, got]) => ({ socket, frames: normalFrames(got) })),
    recorded: [...received.keys()].map((socket) => ({
      socket,
      frames: normalFrames(bySocket(socket)),
    })),
    elapsed,
  };
}

async function outboxesEmpty({ database }: Stack): Promise<void> {
  const count = async () =>
    (await database.query<{ count: number }>(
      `select (select count(*) from realtime.change_outbox)
        + (select count(*) from realtime.broadcast_outbox) as count`,
    ))[0]!.count;
  await until(async () => await count() === 0, "empty outboxes");
}
