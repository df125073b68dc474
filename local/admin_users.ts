import { currentKey, secretKey } from "./api_keys.ts";
import type { Database } from "./database.ts";
import type { Handler } from "./gateway.ts";

const PATH = /^\/auth\/v1\/admin\/users(?:\/([0-9a-f-]{36}))?$/;

/**
 * What `auth.admin.createUser`, `getUserById` and `deleteUser` of supabase-js ask for, which
 * `@supabase/lite` lacks: users come in by its sign-up, and go with all that references them.
 */
export function withAdminUsers(next: Handler, database: Database): Handler {
  return async (request) => {
    const { pathname, origin } = new URL(request.url);
    const [isAdmin, id] = PATH.exec(pathname) ?? [];
    if (!isAdmin) return next(request);
    const key = await currentKey(request.headers.get("apikey") ?? "");
    if (key !== secretKey) return failure(403, "not_admin", "User not allowed");
    if (request.method === "POST" && !id) {
      const headers = { apikey: key, "content-type": "application/json" };
      const body = await request.text();
      const answer = await next(
        new Request(`${origin}/auth/v1/signup`, { method: "POST", headers, body }),
      );
      return answer.ok ? Response.json((await answer.json()).user) : answer;
    }
    const sql = {
      GET: "select id, email, role, aud, created_at from auth.users where id = $1",
      DELETE: "delete from auth.users where id = $1 returning id",
    }[request.method];
    if (!id || !sql) {
      return failure(405, "method_not_allowed", "Allowed: POST, and GET and DELETE of one user");
    }
    const [user] = await database.query(sql, [id]);
    return user ? Response.json(user) : failure(404, "user_not_found", "User not found");
  };
}

function failure(status: number, error_code: string, msg: string): Response {
  return Response.json({ code: status, error_code, msg }, { status });
}
