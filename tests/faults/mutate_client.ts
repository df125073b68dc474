import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { createFileEvents } from "../../client/create_file_events.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";
import { replaceOnce } from "./replace_once.ts";

const CLIENT = join(import.meta.dirname!, "../../client");
const ENTRY = "create_file_events.ts";

/** Loads a copy of the client in which the text `from` of the file at `path` is replaced by `to`. */
export async function mutateClient(
  path: string,
  from: string,
  to: string,
): Promise<typeof createFileEvents> {
  await using folder = await temporaryFolder();
  for await (const file of sources("")) {
    const text = await Deno.readTextFile(join(CLIENT, file));
    const copy = join(folder.path, file);
    await Deno.mkdir(dirname(copy), { recursive: true });
    await Deno.writeTextFile(copy, file === path ? replaceOnce(text, from, to) : text);
  }
  const mutated = await import(pathToFileURL(join(folder.path, ENTRY)).href);
  return mutated.createFileEvents;
}

/** The paths of all modules in a folder of the client. */
async function* sources(folder: string): AsyncIterableIterator<string> {
  for await (const { name, isDirectory } of Deno.readDir(join(CLIENT, folder))) {
    const path = join(folder, name);
    if (isDirectory) yield* sources(path);
    else if (name.endsWith(".ts")) yield path;
  }
}
