import assert from "node:assert/strict";
import { createDemoPage } from "../../local/demo_page.ts";

const page = await createDemoPage();
const ask = (path: string, method = "GET") =>
  page(new Request(`http://127.0.0.1:54321${path}`, { method }));

Deno.test("createDemoPage() serves everything that the page refers to", async () => {
  const html = await ask("/").text();
  const paths = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
  assert.deepEqual(paths, ["/favicon.svg", "/style.css", "/main.js"]);
  for (const path of [...paths, "/worker.js"]) {
    const response = ask(path);
    assert.equal(response.status, 200, path);
    assert.ok((await response.bytes()).length > 100, path);
  }
});

Deno.test("createDemoPage() allows the page to load and to talk to nothing else", () => {
  for (const path of ["/", "/worker.js"]) {
    const policy = ask(path).headers.get("content-security-policy") ?? "";
    for (const directive of ["default-src 'none'", "script-src 'self'", "connect-src 'self'"]) {
      assert.ok(policy.includes(directive), `${path} lacks ${directive}`);
    }
    assert.ok(!policy.includes("unsafe"));
  }
});

Deno.test("createDemoPage() answers 404 to any other path", async () => {
  const response = ask("/main.ts");
  assert.equal(response.status, 404);
  assert.equal((await response.json()).code, "NOT_FOUND");
});

Deno.test("createDemoPage() answers 405 to any other method", () => {
  const response = ask("/", "POST");
  assert.equal(response.status, 405);
  assert.equal(response.headers.get("allow"), "GET, HEAD");
});

Deno.test("createDemoPage() answers HEAD without a body", async () => {
  const response = ask("/", "HEAD");
  assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
  assert.equal(await response.text(), "");
});
