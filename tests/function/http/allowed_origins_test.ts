import assert from "node:assert/strict";
import {
  isAllowed,
  parseAllowedOrigins,
} from "../../../supabase/functions/file-events/http/allowed_origins.ts";

Deno.test("parseAllowedOrigins() takes origins as browsers send them", async (t) => {
  const origins = [
    "https://app.example.com",
    "http://localhost:3000",
    "http://127.0.0.1:8080",
    "http://[::1]:3000",
    "https://xn--bcher-kva.example",
    "capacitor://localhost",
    "ionic://localhost",
    "tauri://localhost",
    "http://tauri.localhost",
    "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
    "moz-extension://f2bd2d3b-4f0a-4f0e-9d8e-0d3a3f1c2b1a",
  ];
  for (const origin of origins) {
    await t.step(origin, () => {
      const allowed = parseAllowedOrigins(`https://first.example, ${origin}`);
      assert.ok(isAllowed(origin, allowed));
      assert.ok(isAllowed("https://first.example", allowed));
      assert.ok(!isAllowed("https://other.example", allowed));
    });
  }
});

Deno.test("isAllowed() lets a wildcard stand for one label, a part of one, or the port", async (t) => {
  const cases: [pattern: string, allowed: string[], refused: string[]][] = [
    ["https://*.example.app", ["https://pr-7.example.app", "https://a_b.example.app"], [
      "https://example.app",
      "https://.example.app",
      "https://a.b.example.app",
      "http://pr-7.example.app",
      "https://pr-7.example.app:8443",
      "https://pr-7.example.app.evil.example",
      "https://evilexample.app",
      "https://evil.example/.example.app",
      "https://evil.example#.example.app",
      "https://*.example.app",
    ]],
    ["https://shop-*-team.vercel.app", ["https://shop-git-fix-1-team.vercel.app"], [
      "https://shop--team.vercel.app",
      "https://shop-team.vercel.app",
      "https://other-1-team.vercel.app",
      "https://shop-1.evil.example-team.vercel.app",
    ]],
    ["http://localhost:*", ["http://localhost:5173", "http://localhost:3000"], [
      "http://localhost",
      "http://localhost:",
      "http://localhost.evil.example:80",
      "http://localhost:80.evil.example",
    ]],
    ["https://*.example.app:8443", ["https://pr-7.example.app:8443"], ["https://pr-7.example.app"]],
    ["app://*.localhost", ["app://one.localhost"], ["app://localhost"]],
  ];
  for (const [pattern, allowed, refused] of cases) {
    await t.step(pattern, () => {
      const origins = parseAllowedOrigins(pattern);
      for (const origin of allowed) assert.ok(isAllowed(origin, origins), origin);
      for (const origin of [...refused, "null"]) assert.ok(!isAllowed(origin, origins), origin);
    });
  }
});

Deno.test("isAllowed() lets every page read where all are allowed", () => {
  for (const origin of ["https://app.example.com", "capacitor://localhost", "null"]) {
    assert.ok(isAllowed(origin, parseAllowedOrigins("*")));
  }
});

Deno.test("parseAllowedOrigins() refuses what could match no page, and says what it should be", async (t) => {
  const cases: [string, RegExp][] = [
    ["https://a.example/", /'https:\/\/a\.example\/' must be 'https:\/\/a\.example'/],
    ["https://a.example/path", /must be 'https:\/\/a\.example'/],
    ["https://A.example", /must be 'https:\/\/a\.example'/],
    ["HTTPS://a.example", /must be 'https:\/\/a\.example'/],
    ["https://a.example:443", /must be 'https:\/\/a\.example'/],
    ["https://bücher.example", /must be 'https:\/\/xn--bcher-kva\.example'/],
    ["https://*.a.example/", /must be 'https:\/\/\*\.a\.example'/],
    ["http://LOCALHOST:*", /must be 'http:\/\/localhost:\*'/],
    ["example.com", /'example\.com' is not an origin/],
    ["*.example.com", /is not an origin/],
    ["https://a.example https://b.example", /is not an origin/],
    ["'https://a.example'", /is not an origin/],
    ["ws://a.example", /is not an origin/],
    ["file://", /is not an origin/],
    ["capacitor://localhost/", /is not an origin/],
    ["https://a.example,", /'' is not an origin/],
    ["https://a.example, *", /'\*' has a '\*' that stands neither/],
    ["https://*", /stands neither/],
    ["https://*:3000", /stands neither/],
    ["https://example.*", /stands neither/],
    ["https://example.com*", /stands neither/],
    ["*://example.com", /stands neither/],
    ["https://*.*.example", /more than one/],
    ["https://*.example:*", /more than one/],
    ["null", /sandboxed page/],
  ];
  for (const [text, message] of cases) {
    await t.step(text, () => assert.throws(() => parseAllowedOrigins(text), message));
  }
});
