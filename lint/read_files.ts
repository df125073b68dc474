const ROOT = new URL("../", import.meta.url);

const IGNORED = [".git", ".test-output", "node_modules"];

/** The repository's files whose names match, as text by path. */
export async function readFiles(pattern: RegExp): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  async function read(folder: string): Promise<void> {
    for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
      const path = folder + name;
      if (isDirectory && !IGNORED.includes(name)) await read(`${path}/`);
      if (pattern.test(name)) files.set(path, await Deno.readTextFile(new URL(path, ROOT)));
    }
  }
  await read("");
  return files;
}
