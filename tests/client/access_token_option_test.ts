import assert from "node:assert/strict";
import { createClient } from "@supabase/supabase-js";
import { startClientStage, TOKEN } from "./client_stage.ts";

Deno.test("a supabase-js client with the option accessToken is refused when the client is made", () => {
  const supabase = createClient("https://project.example", "publishable", {
    accessToken: () => Promise.resolve(TOKEN),
  });
  assert.throws(
    () => startClientStage({ options: { supabase, getToken: undefined }, isIdle: true }),
    /accessToken/,
    "not when the first component subscribes",
  );
});
