/** The local project of `deno task dev`, unless the environment names another. */
const { env } = process;

export const url = env.SUPABASE_URL ?? "http://127.0.0.1:54321";
export const key = env.SUPABASE_PUBLISHABLE_KEY ?? "sb_publishable_local";
export const email = env.DEMO_EMAIL ?? "ada@example.com";
export const password = env.DEMO_PASSWORD ?? "file-events";
