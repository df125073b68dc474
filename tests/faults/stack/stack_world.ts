import { type Stack, startStack } from "../../../local/stack.ts";
import { check, createAdmin, mintTestUser, type TestUser } from "../../support/test_user.ts";
import {
  type Answer,
  type FaultyUpstream,
  startFaultyUpstream,
} from "../../support/faulty_upstream.ts";
import type { Source } from "../../support/sources.ts";
import { OTHER, type Write } from "../file_database.ts";
import { StackClient } from "./stack_client.ts";
import type { StackSchedules, StackStep } from "./stack_step.ts";
import { FILE_IDS } from "../step.ts";

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
  readonly files: () => ReturnType<TestUser["supabase"]["from"]>;
  readonly ids: ReadonlyMap<string, string>;
  messagesToLose: number;
  queriesToFail: number;
}

/** Takes a step of an actor. A file that changes its owner goes to the other one. */
type Handler<Step> = (step: Step, actor: Actor, other: Actor) => unknown;

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
    using clients = new DisposableStack();
    this.#actors = await Promise.all(schedules.map((_, index) => this.#enter(index % 2 === 0)));
    for (const { client } of this.#actors) clients.use(client);
    this.#breakMessagesAndQueries();
    await Promise.all(schedules.map(async (steps, index) => {
      const actor = this.#actors[index]!;
      const other = this.#actors[(index + 1) % schedules.length]!;
      for (const step of steps) {
        this.#count(step.do);
        const handle = this.#handlers[step.do] as Handler<StackStep>;
        await handle(step, actor, other);
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

  async #enter(isPatient: boolean): Promise<Actor> {
    const user = await mintTestUser(this.#stack);
    const ids = new Map(FILE_IDS.map((fileId) => [fileId, crypto.randomUUID()]));
    const client = new StackClient({
      target: this.#stack,
      token: user.token,
      ids: [...ids.values()],
      isPatient,
    });
    return {
      user,
      files: () => user.supabase.from("files"),
      client,
      ids,
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
      actor.client.heal();
    }
  }

  /** By what a step does: how. */
  readonly #handlers: { [Do in StackStep["do"]]: Handler<StackStep & { do: Do }> } = {
    "write": async ({ writes }, actor, other) => {
      for (const write of writes) await this.#write(write, actor, other);
    },
    "insert several": ({ ids }, actor) => insert(actor, ids),
    "update all": async ({ progress }, { files }) =>
      check(await files().update({ progress }).gte("progress", 0)),
    "delete several": async ({ ids }, actor) =>
      check(await actor.files().delete().in("id", ids.map((id) => actor.ids.get(id)))),
    "lose messages": ({ count }, actor) => actor.messagesToLose += count,
    "fail queries": ({ count }, actor) => actor.queriesToFail += count,
    "break": (_, { client }) => client.break(),
    "break after": ({ bytes }, { client }) => client.breakAfter(bytes),
    "go offline": (_, { client }) => client.goOffline(),
    "go online": (_, { client }) => client.goOnline(),
    "stall": (_, { client }) => client.stall(),
    "read on": (_, { client }) => client.readOn(),
    "wait": ({ ms }) => pass(ms),
    "drop": () => this.#stack.realtime.fault({ fault: "drop" }),
    "cold": () => this.#stack.realtime.fault({ fault: "cold" }),
    "deaf": () => this.#stack.realtime.fault({ fault: "deaf" }),
    "limit": () => this.#stack.realtime.fault({ fault: "limit" }),
    "walsender": () => this.#stack.realtime.fault({ fault: "walsender" }),
    "down": async ({ ms }) => {
      this.#stack.realtime.fault({ fault: "down" });
      await pass(ms);
      this.#stack.realtime.fault({ fault: "up" });
    },
    "kill the function": () => this.#end("SIGKILL"),
    "shut the function down": () => this.#end("SIGTERM"),
  };

  async #write(write: Write, actor: Actor, other: Actor): Promise<void> {
    const id = actor.ids.get(write.id)!;
    switch (write.op) {
      case "insert":
        return await insert(actor, [write.id]);
      case "update":
        return check(await actor.files().update({ progress: write.progress }).eq("id", id));
      case "delete":
        return check(await actor.files().delete().eq("id", id));
      case "give": {
        const { id: user_id } = (write.to === OTHER ? other : actor).user;
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
    await pass(HEARTBEAT_MS);
    await this.#waitUntilEqual(actor);
    await actor.client.check();
  }

  async #waitUntilEqual({ files, client }: Actor): Promise<void> {
    const deadline = Date.now() + (this.#options.patience ?? 30_000);
    for (;;) {
      const { data, error } = await files().select(COLUMNS);
      check({ error });
      const expected = text(data!.map((row) => {
        return { ...row, created_at: new Date(row.created_at).toISOString() };
      }));
      const actual = text(client.files.value);
      if (actual === expected) return;
      if (Date.now() > deadline) {
        throw new Error(`The client has ${actual}\nthe database ${expected}`);
      }
      await pass(100);
    }
  }

  #count(name: string, by = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + by;
  }
}

/** Those that are not there yet, with this owner or another. */
async function insert({ files, ids }: Actor, fileIds: readonly string[]): Promise<void> {
  const rows = fileIds.map((fileId) => {
    const id = ids.get(fileId)!;
    const filename = `${id.slice(0, 4)}.pdf`;
    // Not in progress: nothing but the interval asks again.
    return { id, filename, file_type: "application/pdf", status: "ready" };
  });
  check(await files().upsert(rows, { ignoreDuplicates: true }));
}

/** The same text for the same files, whatever the order of files and fields. */
function text(files: readonly { id: string }[]): string {
  const sorted = files.toSorted((a, b) => a.id < b.id ? -1 : 1);
  return JSON.stringify(sorted.map((file) => Object.entries(file).sort()), null, 1);
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
