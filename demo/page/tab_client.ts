import { createClient, type SupabaseClient } from "@supabase/supabase-js";

export interface Project {
  url: string;
  publishableKey: string;
}

/**
 * A Supabase client whose session belongs to this tab alone: another tab may be signed in as
 * somebody else, and a reload keeps who one is. (Clients of one storage key tell each other across
 * tabs who signed in.)
 */
export function tabClient({ url, publishableKey }: Project): SupabaseClient {
  const storageKey = sessionStorage.getItem("session-key") ?? `session-${crypto.randomUUID()}`;
  sessionStorage.setItem("session-key", storageKey);
  return createClient(url, publishableKey, {
    auth: { storage: sessionStorage, storageKey, detectSessionInUrl: false },
  });
}
