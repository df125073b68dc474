import type { Stack } from "../../local/stack.ts";

/** Adds a row that belongs to a demo user. */
export async function addFile(
  { database }: Stack,
  user: "ada" | "grace",
  { filename, status = "pending", progress = 0 }: {
    readonly filename: string;
    readonly status?: string;
    readonly progress?: number;
  },
): Promise<void> {
  await database.execute(`
    insert into public.files (user_id, filename, file_type, status, progress)
    select id, '${filename}', 'text/plain', '${status}', ${progress}
    from auth.users where email = '${user}@example.com'`);
}
