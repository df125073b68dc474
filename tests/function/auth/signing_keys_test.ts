import assert from "node:assert/strict";
import type { JWK } from "@supabase/supabase-js";
import {
  createFetchKeys,
  createSigningKeys,
} from "../../../supabase/functions/file-events/auth/signing_keys.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { serveHttp } from "../../support/http_server.ts";

const key = (kid: string): JWK => ({ kty: "EC", key_ops: ["verify"], kid });

function createKeys(platformKeys: JWK[], answer: () => Promise<JWK[]>) {
  const clock = new FakeClock();
  let fetches = 0;
  const fetchKeys = () => {
    fetches++;
    return answer();
  };
  const find = createSigningKeys(platformKeys, { fetchKeys, clock });
  return { clock, find, fetches: () => fetches };
}

Deno.test("signing keys of the platform are never fetched", async () => {
  const { find, fetches } = createKeys([key("a")], () => Promise.reject(new Error("asked")));
  assert.deepEqual(await find("a"), [key("a")]);
  assert.equal(fetches(), 0);
});

Deno.test("signing keys that nobody has are asked for once in 30 s, however many are named", async () => {
  const { clock, find, fetches } = createKeys([], () => Promise.resolve([key("a")]));
  await Promise.all(Array.from({ length: 100 }, (_, n) => find(`forged ${n}`)));
  assert.equal(fetches(), 1);
  await clock.advance(29_000);
  await find("forged");
  assert.equal(fetches(), 1);
  await clock.advance(1_000);
  await find("forged");
  assert.equal(fetches(), 2);
});

Deno.test("a new signing key works after 30 s at the latest", async () => {
  let keys = [key("old")];
  const { clock, find } = createKeys([], () => Promise.resolve(keys));
  await find("old");
  keys = [key("old"), key("new")];
  await clock.advance(30_000);
  assert.ok((await find("new")).some(({ kid }) => kid === "new"));
});

Deno.test("a signing key that Auth has taken back is trusted for 10 minutes at most", async () => {
  let keys = [key("a")];
  const { clock, find } = createKeys([], () => Promise.resolve(keys));
  await find("a");
  keys = [];
  await clock.advance(600_000);
  assert.deepEqual(await find("a"), []);
});

Deno.test("signing keys that can't be fetched are asked for again at once", async () => {
  let isDown = true;
  const { find } = createKeys([], () => {
    return isDown ? Promise.reject(new Error("down")) : Promise.resolve([key("a")]);
  });
  await assert.rejects(find("a"), /down/);
  isDown = false;
  assert.deepEqual(await find("a"), [key("a")]);
});

Deno.test("createFetchKeys() asks Auth with the publishable key, wherever the URL ends", async () => {
  const requests: unknown[] = [];
  await using server = serveHttp((request) => {
    requests.push([new URL(request.url).pathname, request.headers.get("apikey")]);
    return Response.json({ keys: [key("a")] });
  });
  for (const url of [server.url, `${server.url}/`]) {
    assert.deepEqual(await createFetchKeys(url, "sb_publishable_test", fetch)(), [key("a")]);
  }
  const asked = ["/auth/v1/.well-known/jwks.json", "sb_publishable_test"];
  assert.deepEqual(requests, [asked, asked]);
});

Deno.test("createFetchKeys() rejects when Auth answers with something else than keys", async (t) => {
  const answers: Record<string, () => Response> = {
    "a gateway's error in JSON": () => Response.json({ keys: [key("a")] }, { status: 502 }),
    "an object without keys": () => Response.json({ message: "not found" }),
    "a page": () => new Response("<html>"),
  };
  for (const [name, answer] of Object.entries(answers)) {
    await t.step(name, async () => {
      await using server = serveHttp(answer);
      await assert.rejects(createFetchKeys(server.url, "a key", fetch)());
    });
  }
});
