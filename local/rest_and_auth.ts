import { App } from "@supabase/lite";
import { currentKey, jwtSecret, publishableKey, secretKey } from "./api_keys.ts";
import type { Database } from "./database.ts";

/** `/auth/v1` and `/rest/v1` on the database, one request at a time. */
export function createRestAndAuth(
  database: Database,
  { url }: { url: string },
): (request: Request) => Promise<Response> {
  const app = new App({
    connection: database.connection,
    auth: {
      enabled: true,
      jwt_secret: jwtSecret,
      publishable_key: publishableKey,
      secret_key: secretKey,
      site_url: url,
    },
    options: { server: { disableStudio: true } },
  });
  return async (request) => {
    // Read before the turn begins: a client that sends slowly must not hold up the others, and one
    // that hangs up must not leave a transaction open.
    const { method, headers } = await withCurrentKeys(request);
    const body = request.body ? await request.arrayBuffer() : null;
    return database.exclusive(async () => {
      const response = await app.fetch(new Request(request.url, { method, headers, body }));
      const content = response.body ? await response.arrayBuffer() : null;
      return new Response(content, response);
    });
  };
}

/** @supabase/lite knows `sb_…` keys, in the `apikey` header alone. */
async function withCurrentKeys(request: Request): Promise<{ method: string; headers: Headers }> {
  const headers = new Headers(request.headers);
  const sent = headers.get("apikey") ?? new URL(request.url).searchParams.get("apikey");
  if (sent) headers.set("apikey", await currentKey(sent) ?? sent);
  const bearer = headers.get("authorization")?.replace(/^Bearer +/i, "");
  if (bearer && await currentKey(bearer)) headers.delete("authorization");
  return { method: request.method, headers };
}
