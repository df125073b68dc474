import {
  createClient,
  isAuthRetryableFetchError,
  type SupabaseClient,
} from "@supabase/supabase-js";
import { visibleText } from "./visible_text.ts";

/**
 * Signs in to the Supabase project that the environment names, or to the embedded one.
 *
 * @throws {Error} Nothing answers there, or the user may not sign in.
 */
export async function signIn(env: (name: string) => string | undefined): Promise<SupabaseClient> {
  const url = env("SUPABASE_URL") ?? `http://127.0.0.1:${env("PORT") ?? 54321}`;
  const key = env("SUPABASE_PUBLISHABLE_KEY") ?? "sb_publishable_local";
  const email = env("DEMO_EMAIL") ?? "ada@example.com";
  const password = env("DEMO_PASSWORD") ?? "file-events";

  const client = createClient(url, key, { auth: { persistSession: false } });
  const { error } = await client.auth.signInWithPassword({ email, password });
  if (isAuthRetryableFetchError(error)) {
    throw new Error(
      `Cannot reach Supabase at ${url}: run \`deno task dev\` first, or set SUPABASE_URL.`,
    );
  }
  if (error) throw new Error(visibleText(`Cannot sign in as ${email}: ${error.message}`));
  return client;
}
