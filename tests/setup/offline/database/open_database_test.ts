import assert from "node:assert/strict";
import { openDatabase } from "../../../../setup/database/open_database.ts";
import { parseDatabaseUrl } from "../../../../setup/database/parse_database_url.ts";
import { databaseRefusal } from "../../../../setup/database/database_refusal.ts";

Deno.test("openDatabase() gives up on a server that never answers", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  await assert.rejects(openDatabase(`postgresql://u:p@127.0.0.1:${listener.addr.port}/x`, 200), {
    code: "database-unreachable",
  });
  (await accepted).close();
});

Deno.test("openDatabase() gives up on a query that is never answered", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    using connection = await listener.accept();
    await connection.read(new Uint8Array(1024));
    // AuthenticationOk and ReadyForQuery.
    await connection.write(new Uint8Array([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]));
    // Until the client ends the connection.
    while (await connection.read(new Uint8Array(1024)) !== null);
  })();
  await assert.rejects(openDatabase(`postgresql://u:p@127.0.0.1:${listener.addr.port}/x`, 300), {
    code: "database-unreachable",
  });
  await served;
});

for (
  const url of ["", "postgres", "https://u:p@h/x", "postgresql://", "postgresql://u:100%@h/x"]
) {
  Deno.test(`openDatabase() refuses the URL "${url}"`, async () => {
    await assert.rejects(openDatabase(url), { code: "database-url" });
  });
}

Deno.test("databaseRefusal() repeats nothing of an error but PostgreSQL's code", () => {
  for (const code of ["28P01", "3D000", "57014", "42501", "ECONNREFUSED", undefined]) {
    const error = Object.assign(new Error("secret"), { code, detail: "secret" });
    const { message } = databaseRefusal(error, "db.example.com");
    assert.match(message, /db\.example\.com/);
    assert.doesNotMatch(message, /secret/);
  }
  assert.match(databaseRefusal({ code: "28P01" }, "h").message, /user or password/);
  assert.match(databaseRefusal({ code: "42501" }, "h").message, /\(42501\): connect as postgres/);
});

Deno.test("parseDatabaseUrl() drops what is for other clients", () => {
  const url = "postgresql://u:p%40@h:6543/x?pgbouncer=true&sslmode=require&connection_limit=1";
  assert.equal(parseDatabaseUrl(url)?.href, "postgresql://u:p%40@h:6543/x?sslmode=require");
});
