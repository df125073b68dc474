import assert from "node:assert/strict";
import type { Stack } from "../../../local/stack.ts";
import { readScript } from "../../../local/database.ts";
import type { Answer } from "../../support/faulty_upstream.ts";
import { DATABASE_URL, openConsultingRoom, ORIGIN, password } from "./consulting_room.ts";

Deno.test("examine() names the first broken link and its cure", async (t) => {
  await using room = await openConsultingRoom();
  const { stack, proxy, assertBroken } = room;
  const { database } = stack;

  /** Runs a step in which the database is broken; `mend` is SQL that mends it. */
  async function whileBroken(sql: string, mend: string, work: () => Promise<unknown>) {
    await database.execute(sql);
    try {
      await work();
    } finally {
      await database.execute(mend);
    }
  }

  async function whileAnswering(answer: Answer, work: () => Promise<unknown>) {
    proxy.answer = answer;
    try {
      await work();
    } finally {
      proxy.heal();
    }
  }

  async function whileDisabled(
    triggerFunction: string,
    work: () => Promise<unknown>,
    isMeant = (_name: string) => true,
  ) {
    const triggers = (await triggersOf(stack, triggerFunction)).filter(isMeant);
    const alter = (what: string) =>
      triggers.map((name) => `alter table public.files ${what} trigger "${name}";`).join("\n");
    await whileBroken(alter("disable"), alter("enable"), work);
  }

  await t.step("nothing is broken where all is well", async () => {
    const report = await room.examine();
    assert.deepEqual(
      report.links.map(({ link, status }) => `${link} ${status}`),
      [
        "database skipped",
        "project ok",
        "sign-in ok",
        "function ok",
        "gateway ok",
        "token ok",
        "origins ok",
        "first-byte ok",
        "snapshot ok",
        "insert ok",
        "live ok",
        "update ok",
        "delete ok",
      ],
    );
    assert.deepEqual([report.healthy, report.canary.left, report.interrupted], [
      true,
      false,
      false,
    ]);
    assert.deepEqual(await room.rows(), []);
  });

  await t.step("a token in place of a sign-in does", async () => {
    const [token] = room.tokens;
    assert.equal((await room.examine({ complaint: { user: { token: token! } } })).healthy, true);
  });

  await t.step("a key of another project", async () => {
    await assertBroken("project", "key-refused", { complaint: { key: "sb_publishable_wrong" } });
  });

  await t.step("a wrong password", async () => {
    const user = { email: "ada@example.com", password: "not this one" };
    await assertBroken("sign-in", "password-refused", { complaint: { user } });
  });

  await t.step(
    "a function that is not deployed",
    () =>
      whileAnswering(
        onFunction(() => refusal(404, "NOT_FOUND", "Requested function was not found")),
        () => assertBroken("function", "function-not-deployed"),
      ),
  );

  await t.step("a gateway that checks tokens itself", () =>
    whileAnswering(
      onFunction((request) =>
        request.headers.has("authorization")
          ? undefined
          : Response.json({ code: 401, message: "Missing authorization header" }, { status: 401 })
      ),
      () => assertBroken("gateway", "gateway-check-on"),
    ));

  await t.step("a token that the function does not accept", () =>
    whileAnswering(
      onFunction((request) =>
        request.headers.has("authorization")
          ? refusal(401, "AUTH_INVALID", "The access token is not valid")
          : undefined
      ),
      () => assertBroken("token", "token-not-accepted"),
    ));

  await t.step("an origin that FILE_EVENTS_ALLOWED_ORIGINS does not name", async () => {
    const origins = [ORIGIN, "https://other.example.com"];
    const { detail } = await assertBroken("origins", "origin-not-allowed", {
      complaint: { origins },
    });
    assert.match(detail!, /https:\/\/other\.example\.com/);
  });

  await t.step(
    "a proxy that holds the whole stream back",
    () =>
      whileAnswering(
        onStream(() => new TransformStream({ transform() {} })),
        () => assertBroken("first-byte", "buffered"),
      ),
  );

  await t.step(
    "a proxy that holds events back",
    () => whileAnswering(onStream(holdAfterReady), () => assertBroken("insert", "buffered")),
  );

  await t.step("a catch-up query that is missing", () =>
    whileBroken(
      "alter function public.file_changes_since rename to file_changes_since_hidden",
      "alter function public.file_changes_since_hidden rename to file_changes_since",
      () => assertBroken("snapshot", "migration-missing"),
    ));

  await t.step("a schema of another version", () =>
    whileBroken(
      `alter function public.file_changes_since rename to file_changes_since_hidden;
      create function public.file_changes_since(
        since text default null, file_ids text[] default null, snapshot boolean default true
      ) returns jsonb language sql as
        $$ select '{"version": 99, "cursor": "none", "files": []}'::jsonb $$;`,
      `drop function public.file_changes_since;
      alter function public.file_changes_since_hidden rename to file_changes_since`,
      async () => {
        const { detail } = await assertBroken("snapshot", "schema-other-version");
        assert.match(detail!, /version 99/);
      },
    ));

  await t.step("a user who may not insert, and no database URL", () =>
    whileBroken(
      "revoke insert on public.files from authenticated",
      "grant insert on public.files to authenticated",
      async () => {
        const { cure } = await assertBroken("insert", "canary-not-allowed");
        assert.match(cure!, /--database-url/);
      },
    ));

  await t.step("a row that the table does not accept", async () => {
    const { detail } = await assertBroken("insert", "canary-refused", {
      complaint: { canary: { status: "neither" } },
    });
    assert.match(detail!, /files_status_known/);
  });

  await t.step("a policy that hides the row", () =>
    whileBroken(
      `create policy hiding on public.files as restrictive for select to authenticated
        using (filename not like 'file-events doctor%');`,
      "drop policy hiding on public.files",
      async () => {
        const report = await room.examine();
        const broken = report.links.find(({ status }) => status === "broken");
        assert.deepEqual([broken?.link, broken?.code], ["insert", "canary-hidden"]);
        // Who can't see a row can't delete it, and the doctor says so.
        assert.equal(report.canary.left, true);
        await database.execute("delete from public.files");
      },
    ));

  await t.step(
    "tracking triggers that are gone",
    () => whileDisabled("file_events.stamp", () => assertBroken("insert", "tracking-missing")),
  );

  await t.step(
    "a trigger for deletions that is gone",
    () =>
      whileDisabled(
        "file_events.leave_tombstones",
        () => assertBroken("delete", "tombstone-missing"),
      ),
  );

  await t.step(
    "broadcast triggers that are gone",
    () => whileDisabled("file_events.broadcast", () => assertBroken("live", "broadcast-missing")),
  );

  await t.step("a broadcast trigger for deletions that is gone", () =>
    whileDisabled(
      "file_events.broadcast",
      () => assertBroken("delete", "broadcast-missing"),
      (name) => name.endsWith("_on_delete"),
    ));

  await t.step("no policy on realtime.messages", async () => {
    await database.execute(`drop policy "Users listen to their own files" on realtime.messages`);
    await assertBroken("live", "realtime-policy-missing");
    await database.execute(await broadcastMigration());
  });

  await t.step("a Realtime that loses messages", async () => {
    stack.realtime.fault({ fault: "deaf", until: "up" });
    await assertBroken("live", "realtime-deaf");
    stack.realtime.fault({ fault: "up" });
  });

  await t.step("a function that does not hear what Realtime delivers", async () => {
    await assertBroken("live", "function-deaf", {
      // Only the channels that are joined now, and so not the doctor's own.
      onLink: ({ link }) => {
        if (link === "insert") stack.realtime.fault({ fault: "deaf" });
      },
    });
  });

  await t.step(
    "a finding of the database's check in its place, with its own cure",
    () =>
      whileDisabled("file_events.stamp", async () => {
        const { cure } = await assertBroken("insert", "trigger-disabled", {
          complaint: { databaseUrl: DATABASE_URL },
        });
        assert.match(cure!, /enable trigger/);
      }),
  );

  await t.step("a database of another project", async () => {
    const query = (sql: string) =>
      sql.includes("from auth.users where id") ? [] : stack.database.query(sql);
    const other = {
      query: async (sql: string) => await query(sql) as never,
      close: async () => {},
    };
    await assertBroken("sign-in", "database-other-project", {
      complaint: { databaseUrl: DATABASE_URL },
      effects: { connectDatabase: () => Promise.resolve(other) },
    });
  });

  await t.step("the database's owner writes where the user may not", () =>
    whileBroken(
      "revoke insert, update, delete on public.files from authenticated",
      "grant insert, update, delete on public.files to authenticated",
      async () => {
        const report = await room.examine({ complaint: { databaseUrl: DATABASE_URL } });
        assert.equal(report.healthy, true, JSON.stringify(report));
        assert.deepEqual(await room.rows(), []);
      },
    ));

  await t.step("an interrupt leaves nothing behind", async () => {
    const interrupt = new AbortController();
    const report = await room.examine({
      signal: interrupt.signal,
      onLink: ({ link }) => {
        if (link === "insert") interrupt.abort();
      },
    });
    assert.deepEqual([report.interrupted, report.healthy], [true, false]);
    assert.notEqual(report.canary.id, null);
    assert.deepEqual(await room.rows(), []);
  });

  await t.step("a Realtime that does not answer", async () => {
    stack.realtime.fault({ fault: "down" });
    await assertBroken("live", "realtime-unreachable");
    stack.realtime.fault({ fault: "up" });
  });

  /** Runs a step while a trigger of the user's own changes each row before all others do. */
  const whileTriggered = (when: string, body: string, work: () => Promise<unknown>) =>
    whileBroken(
      `create function public.own() returns trigger language plpgsql as $$begin ${body} end$$;
      create trigger aa_own before ${when} on public.files for each row execute function public.own()`,
      "drop function public.own() cascade",
      work,
    );

  await t.step(
    "a trigger that gives all rows one title breaks nothing",
    () =>
      whileTriggered("insert or update", "new.filename := 'same'; return new;", async () => {
        const report = await room.examine();
        assert.deepEqual([report.broken, report.healthy], [null, true], JSON.stringify(report));
        assert.deepEqual(await room.rows(), []);
      }),
  );

  await t.step(
    "a trigger that refuses updates",
    () =>
      whileTriggered("update", "raise exception 'never change';", async () => {
        const { detail } = await assertBroken("live", "canary-refused");
        assert.match(detail!, /never change/);
      }),
  );

  await t.step(
    "a trigger that chooses the id itself: the row is deleted all the same",
    () =>
      whileTriggered("insert", "new.id := gen_random_uuid(); return new;", async () => {
        assert.equal((await room.examine()).canary.left, false);
        assert.deepEqual(await room.rows(), []);
      }),
  );

  await t.step("a user of the database who may not read what the check reads", async () => {
    const refusal = Object.assign(new Error("permission denied"), { code: "42501" });
    const refusing = { query: () => Promise.reject(refusal), close: () => Promise.resolve() };
    const { detail } = await assertBroken("database", "database-refused", {
      complaint: { databaseUrl: DATABASE_URL },
      effects: { connectDatabase: () => Promise.resolve(refusing) },
    });
    assert.match(detail!, /may not read/);
  });

  await t.step("an answer with sequences that a terminal would obey", async () => {
    const message = "\x1b[2Jgone\x9b1m\r\n✓ All is well";
    const answer = onFunction((request) =>
      request.headers.has("authorization") ? Response.json({ message }, { status: 500 }) : undefined
    );
    await whileAnswering(answer, async () => {
      const { detail } = await assertBroken("token", "function-unavailable");
      assert.equal(detail, "status 500,  [2Jgone 1m ✓ All is well");
    });
  });

  await t.step("nothing that it prints holds a secret", async () => {
    const { publishableKey } = stack;
    // Repeats what it was sent, as a gateway may.
    const echo = onFunction((request) => {
      const token = request.headers.get("authorization");
      const message = `${password} ${publishableKey} ${DATABASE_URL} ${token}`;
      return token === null ? undefined : Response.json({ message }, { status: 500 });
    });
    await whileAnswering(echo, async () => {
      const report = await room.examine({ complaint: { databaseUrl: DATABASE_URL } });
      const detail = report.links.find(({ status }) => status === "broken")?.detail;
      assert.equal(detail, "status 500, [hidden] [hidden] [hidden] Bearer [hidden]");
    });
    const secrets = [...room.tokens, publishableKey, password, DATABASE_URL, "pass@word-of"];
    const printed = room.printed.join("\n");
    for (const secret of secrets) {
      // A part of a token is no less telling.
      for (let at = 0; at === 0 || at + 12 <= secret.length; at += 12) {
        const part = secret.slice(at, at + 12);
        assert.ok(!printed.includes(part), `it prints ${part}`);
      }
    }
  });
});

/** The triggers on `public.files` that call a function. */
async function triggersOf({ database }: Stack, triggerFunction: string): Promise<string[]> {
  const rows = await database.query<{ tgname: string }>(
    `select tgname from pg_trigger
    where tgrelid = 'public.files'::regclass and tgfoid = $1::regproc`,
    [triggerFunction],
  );
  assert.ok(rows.length > 0, triggerFunction);
  return rows.map(({ tgname }) => tgname);
}

async function broadcastMigration(): Promise<string> {
  const name = "20261123000200_file_events_broadcast.sql";
  const url = new URL(`../../../supabase/migrations/${name}`, import.meta.url);
  return (await readScript(url)).sql;
}

function refusal(status: number, code: string, error: string): Response {
  return Response.json({ error, code }, { status });
}

/** Answers requests to the function; those for which `answer` has nothing are passed on. */
function onFunction(answer: (request: Request) => Response | undefined): Answer {
  return (request, pass) =>
    new URL(request.url).pathname.startsWith("/functions/")
      ? answer(request) ?? pass(request)
      : pass(request);
}

/** Passes the bytes of streams on through what `transform` makes. */
function onStream(transform: () => TransformStream<Uint8Array, Uint8Array>): Answer {
  return async (request, pass) => {
    const response = await pass(request);
    const isStream = response.status === 200 &&
      response.headers.get("content-type") === "text/event-stream";
    return isStream ? new Response(response.body!.pipeThrough(transform()), response) : response;
  };
}

/** Passes on what there is until `ready`, and holds the rest back for longer than is live. */
function holdAfterReady(): TransformStream<Uint8Array, Uint8Array> {
  const decoder = new TextDecoder();
  let isReady = false;
  return new TransformStream({
    async transform(bytes, controller) {
      if (isReady) await new Promise((resolve) => setTimeout(resolve, 2_000));
      isReady ||= decoder.decode(bytes).includes('"ready"');
      controller.enqueue(bytes);
    },
  });
}
