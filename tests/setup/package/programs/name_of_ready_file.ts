import { createClient } from "@supabase/supabase-js";
import { fileEvents } from "file-events";

/** The name of the file `1` of a user who signs in, once it is ready. */
export async function nameOfReadyFile(url: string, token: string): Promise<string | null> {
  const supabase = createClient(url, "publishable");
  await supabase.auth.setSession({ access_token: token, refresh_token: "none" });
  try {
    using files = fileEvents({ supabase, url, key: "publishable" });
    const { filename } = await files.done("1");
    return filename;
  } finally {
    await supabase.auth.stopAutoRefresh();
  }
}
