// A back end that takes a file, lets it be processed, and answers when that is done.
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { createClient } from "@supabase/supabase-js";
import { fileEvents } from "file-events";
import { work } from "./work.js";

const { env } = process;
const url = env.SUPABASE_URL ?? "http://127.0.0.1:54321";
const key = env.SUPABASE_PUBLISHABLE_KEY ?? "sb_publishable_local";

/** Adds a row in the name of the user whose token this is, and waits for the end of the work. */
async function receive({ name, content, token, seconds }) {
  const supabase = createClient(url, key, { accessToken: async () => token });
  const row = { filename: name, file_type: "text/plain" };
  const { data, error } = await supabase.from("files").insert(row).select("id").single();
  if (error) return { status: 400, body: { error: error.message } };
  const { id } = data;
  void work(supabase, id, content);

  // The user's token can't be renewed here: if the server refuses it, nobody is signed in.
  const getToken = ({ fresh }) => fresh ? null : token;
  const files = fileEvents({ getToken, url, key, fileIds: [id] });
  try {
    const file = await files.done(id, { signal: AbortSignal.timeout(seconds * 1000) });
    return { status: 200, body: file };
  } catch (error) {
    if (error.code === "failed") return { status: 422, body: error.file };
    if (error.code === "signed-out") return { status: 401, body: { error: "Sign in again" } };
    if (error.name === "TimeoutError") return { status: 202, body: { id } }; // ask again later
    throw error;
  } finally {
    files.close();
  }
}

const server = createServer(async (request, response) => {
  const { searchParams } = new URL(request.url, "http://localhost");
  const answer = await receive({
    name: searchParams.get("name"),
    seconds: Number(searchParams.get("wait") ?? 30),
    content: await text(request),
    token: request.headers.authorization?.replace("Bearer ", ""),
  }).catch((error) => ({ status: 500, body: { error: error.message } }));
  response.writeHead(answer.status, { "content-type": "application/json" });
  response.end(JSON.stringify(answer.body) + "\n");
});

server.listen(Number(env.PORT ?? 3000), "127.0.0.1", () => {
  console.log(`Listening on http://127.0.0.1:${server.address().port}`);
});
