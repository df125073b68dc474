import { createClient } from "@supabase/supabase-js";
import { fileEvents } from "file-events";
import { summaryOf } from "file-events/summary";

const url = import.meta.env.VITE_SUPABASE_URL;
const key = import.meta.env.VITE_SUPABASE_PUBLISHABLE_KEY;

export const supabase = createClient(url, key);

/** A Svelte store, and so are `files.connection` and `summary`. */
export const files = fileEvents({ supabase, url, key });
export const summary = summaryOf(files);
