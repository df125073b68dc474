import { type Stack, startStack } from "../../../local/stack.ts";
import { check, createAdmin, mintTestUser, type TestUser } from "../../support/test_user.ts";
import {
  type Answer,
  type FaultyUpstream,
  startFaultyUpstream,
} from "../../support/faulty_upstream.ts";
import type { Source } from "../../support/sources.ts";
import { functionUrl } from "../../support/target.ts";
import type { Write } from "../file_database.ts";
import { StackClient } from "./stack_client.ts";
import type { StackSchedules, StackStep } from "./stack_step.ts";
import { FILE_IDS, OTHER } from "../step.ts";

const HEARTBEAT_MS = 300;
const COLUMNS =
  "id, filename, file_type, status, progress, processing_stage, error_message, created_at, revision";

export interface StackWorldOptions {
  readonly source: Source;
  /** Stands between the function and the stack while nothing else is broken. */
  readonly answer?: Answer;
  /** Milliseconds between catch-ups that nothing asks for; 500 by default. */
  readonly catchUpMs?: number;
  /** Milliseconds that a client may take to agree with the database once everything works. */
  readonly patience?: number;
}

/** One user with a client, and what is about to go wrong for it. */
interface Actor {
  readonly user: TestUser;
  readonly client: StackClient;
  readonly ids: ReadonlyMap<string, string>;
  messagesToLose: number;
  queriesToFail: number;
}

/** The whole embedded stack, with clients on real sockets and faults in between. */
export class StackWorld implements AsyncDisposable {
  readonly #options: StackWorldOptions;
  readonly #stack: Stack;
  readonly #upstream: FaultyUpstream;
  #actors: Actor[] = [];
  /** What took effect, by name. */
  readonly counts: Record<string, number> = {};

  private constructor(options: StackWorldOptions, stack: Stack, upstream: FaultyUpstream) {
    this.#options = options;
    this.#stack = stack;
    this.#upstream = upstream;
  }

  static async start(options: StackWorldOptions): Promise<StackWorld> {
    const upstream = startFaultyUpstream();
    const stack = await startStack({
      functionEnv: {
        SUPABASE_URL: upstream.url,
        FILE_EVENTS_SOURCE: options.source,
        FILE_EVENTS_CATCH_UP_MS: String(options.catchUpMs ?? 500),
        FILE_EVENTS_HEARTBEAT_MS: String(HEARTBEAT_MS),
      },
      realtime: {
        refusedJoinMs: 300,
        subscribeMs: 50,
        pollMs: 20,
        resubscribeMs: 50,
        limitMs: 1_000,
        walsenderMs: 600,
        coldStart: { replyMs: 50, broadcastMs: 150, confirmMs: 250, subscribeMs: 500 },
      },
    });
    upstream.target = stack.url;
    return new StackWorld(options, stack, upstream);
  }

  /** Plays all schedules at once, each with a new user, and compares at the end. */
  async play(schedules: StackSchedules): Promise<void> {
    await using clients = new AsyncDisposableStack();
    this.#actors = await Promise.all(schedules.map(() => this.#enter()));
    for (const { client } of this.#actors) clients.use(client);
    this.#breakMessagesAndQueries();
    await Promise.all(schedules.map(async (steps, index) => {
      for (const step of steps) {
        await this.#take(step, this.#actors[index]!, this.#actors[(index + 1) % schedules.length]!);
      }
    }));
    this.#heal();
    await Promise.all(this.#actors.map((actor) => this.#agree(actor)));
    for (const { client } of this.#actors) {
      this.#count("connections", client.connections);
      this.#count("connections ended with a word", client.closings);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.stop();
    await this.#upstream[Symbol.asyncDispose]();
  }

  async #enter(): Promise<Actor> {
    const user = await mintTestUser(this.#stack);
    return {
      user,
      client: new StackClient(functionUrl(this.#stack), user.token),
      ids: new Map(FILE_IDS.map((fileId) => [fileId, crypto.randomUUID()])),
      messagesToLose: 0,
      queriesToFail: 0,
    };
  }

  #breakMessagesAndQueries(): void {
    const { answer = (request, pass) => pass(request) } = this.#options;
    this.#upstream.answer = (request, pass) => {
      const bearer = request.headers.get("authorization");
      const asking = request.url.endsWith("/rpc/file_changes_since") &&
        this.#actors.find(({ user }) => bearer === `Bearer ${user.token}`);
      if (!asking || asking.queriesToFail === 0) return answer(request, pass);
      asking.queriesToFail--;
      this.#count("query failed");
      return new Response(null, { status: 503 });
    };
    this.#upstream.onFrame = (frame, deliver) => {
      const named = this.#actors.find(({ user }) => frame.includes(user.id));
      const isChange = !frame.includes("phx_") && !frame.includes('"system"');
      if (!named || !isChange) return deliver();
      if (named.messagesToLose === 0) {
        this.#count("message delivered");
        return deliver();
      }
      named.messagesToLose--;
      this.#count("message lost");
    };
  }

  #heal(): void {
    this.#stack.realtime.fault({ fault: "up" });
    for (const actor of this.#actors) {
      actor.messagesToLose = actor.queriesToFail = 0;
      actor.client.goOnline();
      actor.client.readOn();
    }
  }

  async #take(step: StackStep, actor: Actor, neighbour: Actor): Promise<void> {
    const { user, client, ids } = actor;
    const files = user.supabase.from("files");
    this.#count(step.do);
    switch (step.do) {
      case "write":
        for (const write of step.writes) await this.#write(write, actor, neighbour);
        return;
      case "insert several":
        return await insert(user, step.ids.map((id) => ids.get(id)!));
      case "update all":
        return check(await files.update({ progress: step.progress }).gte("progress", 0));
      case "delete several":
        return check(await files.delete().in("id", step.ids.map((id) => ids.get(id)!)));
      case "lose messages":
        return void (actor.messagesToLose += step.count);
      case "fail queries":
        return void (actor.queriesToFail += step.count);
      case "break":
        return client.break();
      case "break after":
        return client.breakAfter(step.bytes);
      case "go offline":
        return client.goOffline();
      case "go online":
        return client.goOnline();
      case "stall":
        return client.stall();
      case "read on":
        return client.readOn();
      case "wait":
        return await new Promise((resolve) => setTimeout(resolve, step.ms));
      case "drop":
      case "cold":
      case "deaf":
      case "limit":
      case "walsender":
        return this.#stack.realtime.fault({ fault: step.do });
      case "down":
        this.#stack.realtime.fault({ fault: "down" });
        await new Promise((resolve) => setTimeout(resolve, step.ms));
        return this.#stack.realtime.fault({ fault: "up" });
      case "kill the function":
        return this.#end("SIGKILL");
      case "shut the function down":
        return this.#end("SIGTERM");
    }
  }

  async #write(write: Write, { user, ids }: Actor, neighbour: Actor): Promise<void> {
    const id = ids.get(write.id)!;
    const files = user.supabase.from("files");
    switch (write.op) {
      case "insert":
        return await insert(user, [id]);
      case "update":
        return check(await files.update({ progress: write.progress }).eq("id", id));
      case "delete":
        return check(await files.delete().eq("id", id));
      case "give": {
        const { id: user_id } = write.to === OTHER ? neighbour.user : user;
        const admin = createAdmin(this.#stack);
        return check(await admin.from("files").update({ user_id }).eq("id", id));
      }
    }
  }

  #end(signal: Deno.Signal): void {
    const pid = this.#stack.functionProcess?.pid;
    if (pid !== undefined) Deno.kill(pid, signal);
  }

  /** Twice, with a heartbeat in between: being equal for a moment is not enough. */
  async #agree(actor: Actor): Promise<void> {
    await this.#waitUntilEqual(actor);
    await new Promise((resolve) => setTimeout(resolve, HEARTBEAT_MS));
    await this.#waitUntilEqual(actor);
    const { client } = actor;
    const { violations } = client.protocol;
    if (violations.length > 0) throw new Error(`The stream broke its protocol: ${violations}`);
    if (client.refusals.length > 0) throw new Error(`The client was refused: ${client.refusals}`);
  }

  async #waitUntilEqual({ user, client }: Actor): Promise<void> {
    const deadline = Date.now() + (this.#options.patience ?? 30_000);
    for (;;) {
      const { data, error } = await user.supabase.from("files").select(COLUMNS);
      check({ error });
      const expected = text(data!.map((row) => {
        return { ...row, created_at: new Date(row.created_at).toISOString() };
      }));
      const actual = text([...client.protocol.files.values()]);
      if (actual === expected) return;
      if (Date.now() > deadline) {
        throw new Error(`The client has ${actual}\nthe database ${expected}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  #count(name: string, by = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + by;
  }
}

/** Those that are not there yet, with this owner or another. */
async function insert({ supabase }: TestUser, ids: readonly string[]): Promise<void> {
  const rows = ids.map((id) => {
    const filename = `${id.slice(0, 4)}.pdf`;
    // Not in progress: nothing but the interval asks again.
    return { id, filename, file_type: "application/pdf", status: "ready" };
  });
  check(await supabase.from("files").upsert(rows, { ignoreDuplicates: true }));
}

/** The same text for the same files, whatever the order of files and fields. */
function text(files: readonly { id: string }[]): string {
  const sorted = files.toSorted((a, b) => a.id < b.id ? -1 : 1);
  return JSON.stringify(sorted.map((file) => Object.entries(file).sort()), null, 1);
}
