// Prints a user's files as they are, then each change. Node 22.12 or newer, as supabase-js asks.
import { createClient } from "@supabase/supabase-js";
import { fileEvents } from "file-events";
import { print } from "./print.js";
import { email, key, password, url } from "./project.js";

const supabase = createClient(url, key);
const { error } = await supabase.auth.signInWithPassword({ email, password });
if (error) throw error;

const files = fileEvents({ supabase, url, key });
for await (const change of files.events()) print(change);
