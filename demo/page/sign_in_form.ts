import type { SupabaseClient } from "@supabase/supabase-js";
import { byId } from "./element.ts";

export const DEMO_USERS = ["ada@example.com", "grace@example.com"] as const;
export const DEMO_PASSWORD = "file-events";

/** The form in front of the page, filled in for the first demo user, the second a click away. */
export function setUpSignInForm(client: SupabaseClient): void {
  const form = byId("sign-in") as HTMLFormElement;
  const email = form.elements.namedItem("email") as HTMLInputElement;
  const password = form.elements.namedItem("password") as HTMLInputElement;
  const other = byId("sign-in-other");
  email.value = DEMO_USERS[0];
  password.value = DEMO_PASSWORD;
  other.textContent = `or as ${DEMO_USERS[1]}`;

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void signIn(client, email.value, password.value);
  });
  other.addEventListener("click", () => void signIn(client, DEMO_USERS[1], DEMO_PASSWORD));
}

/** Signs in; who listens to the client's auth state learns of success, the form shows failure. */
export async function signIn(
  client: SupabaseClient,
  email: string,
  password: string,
): Promise<void> {
  const problem = byId("sign-in-error");
  problem.textContent = "";
  const { error } = await client.auth.signInWithPassword({ email, password });
  if (error) problem.textContent = `Cannot sign in as ${email}: ${error.message}`;
}
