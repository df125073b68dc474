import { createClient, type SupabaseClient } from "@supabase/supabase-js";

export interface Project {
  url: string;
  publishableKey: string;
}

/**
 * Which user this tab is signed in as. A new tab begins with the user who has signed in last, in
 * whichever tab; from then on it goes its own way.
 */
export const tabAccount = {
  email: (): string | undefined =>
    sessionStorage.getItem("account") ?? localStorage.getItem("account") ?? undefined,
  use(email: string): void {
    sessionStorage.setItem("account", email);
    localStorage.setItem("account", email);
  },
  leave(): void {
    if (localStorage.getItem("account") === tabAccount.email()) localStorage.removeItem("account");
    sessionStorage.removeItem("account");
  },
};

/**
 * The client of one user, who has one session in all tabs: clients of one storage key take turns to
 * refresh it, and tell each other. (A copy for each tab would end at its first refresh, since a
 * refresh token can be used once.)
 */
export function createTabClient({ url, publishableKey }: Project, email: string): SupabaseClient {
  return createClient(url, publishableKey, {
    auth: { storageKey: `session ${email}`, detectSessionInUrl: false },
  });
}
