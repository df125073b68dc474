// A client with Node's own fetch: ACCESS_TOKEN=… node node_fetch.mjs URL
// Prints the data of each event.

// deno-lint-ignore-file no-console

import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";

let lastEventId = "";
let retry = 1_000;

for (;;) {
  await follow(process.argv[2]);
  await wait(retry);
}

/** Reads one stream to its end, or until its connection is lost. */
async function follow(url) {
  const headers = { authorization: `Bearer ${process.env.ACCESS_TOKEN}` };
  if (lastEventId) headers["last-event-id"] = lastEventId;
  try {
    const response = await fetch(url, { headers });
    if (!response.ok) process.exit(1); // 401: get a new token. Others: wait, and try again.
    let text = "";
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      // An empty line ends an event. What follows the last one has not arrived as a whole.
      const blocks = (text + chunk).split("\n\n");
      text = blocks.pop();
      for (const block of blocks) read(block);
    }
  } catch (error) {
    console.error(error);
  }
}

function read(block) {
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    const field = line.slice(0, colon);
    const value = line.slice(colon + 1).replace(/^ /, "");
    if (field === "id") lastEventId = value;
    if (field === "retry") retry = Number(value);
    if (field === "data") console.log(value);
  }
}
