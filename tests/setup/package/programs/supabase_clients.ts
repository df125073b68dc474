// Is compiled, and never run: clients of supabase-js, with and without types of a database.
import { createClient } from "@supabase/supabase-js";
import { fileEvents } from "file-events";
import { createClient as createClient258 } from "supabase-js-2.58";

interface Database {
  public: {
    Tables: {
      files: {
        Row: { id: string };
        Insert: { id: string };
        Update: { id?: string };
        Relationships: [];
      };
    };
    Views: Record<never, never>;
    Functions: Record<never, never>;
  };
}

const url = "https://project.supabase.co";
const key = "publishable";

fileEvents({ supabase: createClient(url, key), url, key });
fileEvents({ supabase: createClient<Database>(url, key), url, key });
fileEvents({ supabase: createClient258(url, key), url, key });
fileEvents({ supabase: createClient258<Database>(url, key), url, key });
// @ts-expect-error: a part of the client is no client
fileEvents({ supabase: createClient(url, key).auth, url, key });
// @ts-expect-error: the same of the older version
fileEvents({ supabase: createClient258(url, key).auth, url, key });
