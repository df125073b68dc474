import assert from "node:assert/strict";
import type { Database } from "../../local/database.ts";
import type { ClientStage, Received } from "../support/client_stage.ts";
import type { TestUser } from "../support/test_user.ts";
import { until } from "../support/until.ts";

export interface Scene {
  readonly stage: ClientStage;
  readonly user: TestUser;
  readonly database: Database;
  /** Breaks the client's connection. */
  cutConnection(): void;
}

/**
 * Asserts that a client that has just been started is sent all of its user's files, then each change
 * before the next one is made; and that it misses nothing when its stream ends in the middle of an
 * event, nor when its connection breaks.
 */
export async function assertMissesNothing(scene: Scene): Promise<void> {
  const { stage, user } = scene;
  await stage.arrives({ eventType: "reset" });
  await stage.arrives({ eventType: "ready" });
  await assertFollowsLive(scene);

  await whileAway(scene, async () => {
    stage.relay.cutInside();
    await user.insert({ filename: "torn.txt" });
  });
  await whileAway(scene, () => scene.cutConnection());

  const [first, ...later] = stage.requests.map(({ headers }) => headers.get("last-event-id"));
  assert.ok(!first, "nothing to resume");
  assert.equal(later.length, 2);
  for (const id of later) assert.match(id ?? "", /\./);
  assert.equal(stage.received.filter(({ eventType }) => eventType === "reset").length, 1);
  assert.deepEqual(differences(shownFiles(stage.received), await storedFiles(scene)), []);
}

async function assertFollowsLive({ stage, user }: Scene): Promise<void> {
  const id = await user.insert({ filename: "live.txt" });
  const inserted = await stage.arrives({ eventType: "file-update" });
  assert.equal(inserted.file!.filename, "live.txt");
  for (const progress of [25, 50, 75]) {
    await user.update(id, { progress });
    const updated = await stage.arrives({ eventType: "file-update" });
    assert.deepEqual([updated.file!.id, updated.file!.progress], [id, progress]);
  }
  await user.delete(id);
  const deleted = await stage.arrives({ eventType: "file-deleted" });
  assert.equal(deleted.file!.id, id);
}

/** Ends the stream, and changes all that a client could miss before it can have another one. */
async function whileAway(
  { stage, user, database }: Scene,
  end: () => void | Promise<void>,
): Promise<void> {
  const doomed = await user.insert({ filename: "doomed.txt" });
  await stage.arrives({ eventType: "file-update" });
  const letPass = stage.hold();
  await end();
  await until(() => stage.relay.openStreams() === 0, "end of the stream");
  await user.insert({ filename: "missed.txt" });
  await user.delete(doomed);
  await database.query("update public.files set progress = progress + 1 where user_id = $1", [
    user.id,
  ]);
  letPass();
  await stage.arrives({ eventType: "ready" });
}

type Files = ReadonlyMap<string, { filename: string; progress: number }>;

/** The files that a client shows after these events. */
function shownFiles(received: readonly Received[]): Files {
  const files = new Map<string, NonNullable<Received["file"]>>();
  for (const { eventType, file } of received) {
    if (eventType === "reset") files.clear();
    if (eventType === "file-update") files.set(file!.id, file!);
    if (eventType === "file-deleted") files.delete(file!.id);
  }
  return files;
}

async function storedFiles({ database, user }: Scene): Promise<Files> {
  const files = await database.query<NonNullable<Received["file"]>>(
    "select id, filename, progress from public.files where user_id = $1",
    [user.id],
  );
  return new Map(files.map((file) => [file.id, file]));
}

/** The names of the files that are not the same on both sides. */
function differences(shown: Files, stored: Files): string[] {
  return [...new Map([...shown, ...stored])].filter(([id]) => {
    const [left, right] = [shown.get(id), stored.get(id)];
    return left?.filename !== right?.filename || left?.progress !== right?.progress;
  }).map(([, { filename }]) => filename);
}
