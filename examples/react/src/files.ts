import { createClient } from "@supabase/supabase-js";
import { fileEvents } from "file-events";

const url = import.meta.env.VITE_SUPABASE_URL;
const key = import.meta.env.VITE_SUPABASE_PUBLISHABLE_KEY;

export const supabase = createClient(url, key);

/** All components share it. Nothing is opened before the first of them mounts. */
export const source = fileEvents({ supabase, url, key });
