/**
 * `deno task test:remote`: the scenarios on any Supabase project that `file-events` is deployed to.
 * They create temporary users and delete them at the end, with their files.
 */
import { runScenarios } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";

const names = ["SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY"] as const;
const [url, publishableKey, secretKey] = names.map((name) => Deno.env.get(name) ?? "");
const missing = names.filter((name) => !Deno.env.get(name));
if (missing.length > 0 || !URL.canParse(url!)) {
  // deno-lint-ignore no-console -- for whoever runs it
  console.error(
    `Set ${(missing.length > 0 ? missing : ["SUPABASE_URL to a URL"]).join(", ")}: which project ` +
      "to test, and its keys (Project Settings, API Keys). For the embedded one see what " +
      "`deno task dev` prints. Users are created there, and deleted at the end.",
  );
  Deno.exit(1);
}
const target = {
  url: url!.replace(/\/+$/, ""),
  publishableKey: publishableKey!,
  secretKey: secretKey!,
};

Deno.test(`file-events on ${target.url}`, (t) => runScenarios(t, { scenarios, target }));
