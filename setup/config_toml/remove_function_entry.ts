import { isDeepStrictEqual } from "node:util";
import { addFunctionEntry } from "./add_function_entry.ts";
import type { ConfigEdit } from "./config_edit.ts";
import { isPath, parseConfig, type ParsedConfig } from "./parse_config.ts";

const FUNCTION = ["functions", "file-events"];
const CHECK = [...FUNCTION, "verify_jwt"];
const HEADER = "[functions.file-events]";

/**
 * Takes back what {@link addFunctionEntry} did: the text is then, byte for byte, what it was before.
 * Where the entry was changed meanwhile, its whole table goes, unless the table was there before.
 * No other value of the file is touched.
 *
 * @param edit What was done; nothing if nobody knows.
 * @returns The text, or nothing if the file goes. An entry that cannot be removed safely stays.
 * @throws {SetupError} `invalid-toml`.
 */
export function removeFunctionEntry(
  source: string,
  edit: ConfigEdit | undefined,
): string | undefined {
  const config = parseConfig(source);
  if (edit?.kind === "none") return source;
  if (
    edit?.kind === "file" && source.replaceAll("\r\n", "\n") === addFunctionEntry(undefined).text
  ) {
    return;
  }
  if (edit?.kind === "replaced") return restoreValue(config, edit.before);
  for (const text of edit?.kind === "inserted" ? [edit.text] : usualInsertions()) {
    const result = withoutText(config, text.replaceAll("\n", config.eol));
    if (result !== undefined) return result;
  }
  const isUsersTable = edit?.kind === "inserted" && !edit.text.includes(HEADER);
  return isUsersTable ? source : withoutTable(config);
}

/** What `add` inserts at the end of a file that says nothing of the function. */
function usualInsertions(): string[] {
  return ["a = 1\n", "a = 1"].map((text) => addFunctionEntry(text).text.slice(text.length));
}

function restoreValue(config: ParsedConfig, before: string): string {
  const entry = config.entries.find(({ path }) => isPath(path, CHECK));
  const [start, end] = entry?.node.value.range ?? [0, 0];
  const isOurs = config.text.slice(start, end) === "false";
  return isOurs ? spliced(config, start, end, before) : config.mark + config.text;
}

/** The text can stand elsewhere too, in the table of another function for example. */
function withoutText(config: ParsedConfig, text: string): string | undefined {
  for (
    let start = config.text.lastIndexOf(text);
    start >= 0;
    start = start === 0 ? -1 : config.text.lastIndexOf(text, start - 1)
  ) {
    const result = spliced(config, start, start + text.length);
    if (isWithout(result, CHECK, config)) return result;
  }
}

function withoutTable(config: ParsedConfig): string {
  const source = config.mark + config.text;
  const table = config.tables.find(({ resolvedKey }) => isPath(resolvedKey, FUNCTION));
  if (!table) return source;
  const start = config.text.lastIndexOf("\n", table.range[0] - 1) + 1;
  const lineBreak = config.text.indexOf("\n", table.range[1]);
  const result = spliced(config, start, lineBreak < 0 ? config.text.length : lineBreak + 1);
  return isWithout(result, FUNCTION, config) ? result : source;
}

function spliced({ mark, text }: ParsedConfig, start: number, end: number, between = ""): string {
  return mark + text.slice(0, start) + between + text.slice(end);
}

/**
 * Whether the text is valid, no longer speaks of the token check of the function, and says the same
 * as before of all that is not at `path`.
 */
function isWithout(text: string, path: readonly string[], { value }: ParsedConfig): boolean {
  try {
    const result = parseConfig(text);
    return !result.entries.some((entry) => isPath(entry.path, CHECK)) &&
      isDeepStrictEqual(besides(result.value, path), besides(value, path));
  } catch {
    return false;
  }
}

/** A table without the value at a path. Tables on the way that have nothing else don't count. */
function besides(table: object, [key, ...rest]: readonly string[]): object {
  const entries = Object.entries(table).flatMap(([name, value]): [string, unknown][] => {
    if (name !== key) return [[name, value]];
    const left = rest.length > 0 ? besides(Object(value), rest) : {};
    return Object.keys(left).length > 0 ? [[name, left]] : [];
  });
  return Object.fromEntries(entries);
}
