import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { mintToken } from "../../local/mint_token.ts";
import type { Stack } from "../../local/stack.ts";
import type { Target } from "./target.ts";

type Row = Record<string, unknown>;

/** A signed-in user with a client as an app has it. */
export interface TestUser {
  readonly id: string;
  readonly token: string;
  readonly supabase: SupabaseClient;
  /** Resolves to the new file's id. */
  insert(row?: Row): Promise<string>;
  update(id: string, changes: Row): Promise<void>;
  delete(id: string): Promise<void>;
}

const options = {
  auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
};

/** A client with the service role. */
export function createAdmin({ url, secretKey }: Target): SupabaseClient {
  return createClient(url, secretKey, options);
}

/** Creates a user by the admin API, and signs in. */
export async function createTestUser(target: Target): Promise<TestUser> {
  const name = crypto.randomUUID();
  const credentials = { email: `file-events-test-${name}@example.com`, password: name };
  const { data: { user }, error } = await createAdmin(target).auth.admin
    .createUser({ ...credentials, email_confirm: true });
  if (!user) throw new Error(`Cannot create a user: ${error?.message}`, { cause: error });
  const supabase = createClient(target.url, target.publishableKey, options);
  let { data: { session }, error: refused } = await supabase.auth.signInWithPassword(credentials);
  // A project grants an address 30 sign-ins in five minutes, unless it says otherwise.
  while (refused?.status === 429) {
    await new Promise((resolve) => setTimeout(resolve, 15_000));
    ({ data: { session }, error: refused } = await supabase.auth.signInWithPassword(credentials));
  }
  if (!session) throw new Error(`Cannot sign in: ${refused?.message}`, { cause: refused });
  return testUser({ id: user.id, token: session.access_token, supabase });
}

/** Deletes the user, and with it the user's files. */
export async function deleteTestUser(target: Target, { id }: TestUser): Promise<void> {
  const { error } = await createAdmin(target).auth.admin.deleteUser(id);
  if (error) throw new Error(`Cannot delete user ${id}: ${error.message}`, { cause: error });
}

/** Creates a user by SQL, which is faster, with a token that is minted by {@linkcode mintToken}. */
export async function mintTestUser(
  { database, url, publishableKey }: Stack,
  options: { seconds?: number } = {},
): Promise<TestUser> {
  const id = crypto.randomUUID();
  const email = `${id}@example.com`;
  await database.query("insert into auth.users (id, email) values ($1, $2)", [id, email]);
  const token = await mintToken(id, options);
  const accessToken = () => Promise.resolve(token);
  return testUser({ id, token, supabase: createClient(url, publishableKey, { accessToken }) });
}

function testUser(user: Pick<TestUser, "id" | "token" | "supabase">): TestUser {
  const files = () => user.supabase.from("files");
  return {
    ...user,
    async insert(row = {}) {
      const id = crypto.randomUUID();
      const file = { id, filename: "document.pdf", file_type: "application/pdf", ...row };
      check(await files().insert(file));
      return file.id;
    },
    async update(id, changes) {
      check(await files().update(changes).eq("id", id));
    },
    async delete(id) {
      check(await files().delete().eq("id", id));
    },
  };
}

/** Throws what PostgREST complains about. */
export function check({ error }: { error: { message: string } | null }): void {
  if (error) throw new Error(error.message, { cause: error });
}
