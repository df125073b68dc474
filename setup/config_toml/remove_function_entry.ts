import { addFunctionEntry } from "./add_function_entry.ts";
import type { ConfigEdit } from "./config_edit.ts";
import { isPath, parseConfig, type ParsedConfig } from "./parse_config.ts";

const FUNCTION = ["functions", "file-events"];

/**
 * Takes back what {@link addFunctionEntry} did: the text is then, byte for byte, what it was before.
 * Where the entry was changed meanwhile, its whole table goes.
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
  return withoutTable(config);
}

/** What `add` inserts at the end of a file that says nothing of the function. */
function usualInsertions(): string[] {
  return ["a = 1\n", "a = 1"].map((text) => addFunctionEntry(text).text.slice(text.length));
}

function restoreValue(config: ParsedConfig, before: string): string {
  const entry = config.entries.find(({ path }) => isPath(path, [...FUNCTION, "verify_jwt"]));
  const [start, end] = entry?.node.value.range ?? [0, 0];
  const isOurs = config.text.slice(start, end) === "false";
  return isOurs ? spliced(config, start, end, before) : config.mark + config.text;
}

function withoutText(config: ParsedConfig, text: string): string | undefined {
  const start = config.text.lastIndexOf(text);
  if (start < 0) return;
  const result = spliced(config, start, start + text.length);
  return isValidWithout(result) ? result : undefined;
}

function withoutTable(config: ParsedConfig): string {
  const source = config.mark + config.text;
  const table = config.tables.find(({ resolvedKey }) => isPath(resolvedKey, FUNCTION));
  if (!table) return source;
  const start = config.text.lastIndexOf("\n", table.range[0] - 1) + 1;
  const lineBreak = config.text.indexOf("\n", table.range[1]);
  const result = spliced(config, start, lineBreak < 0 ? config.text.length : lineBreak + 1);
  return isValidWithout(result) ? result : source;
}

function spliced({ mark, text }: ParsedConfig, start: number, end: number, between = ""): string {
  return mark + text.slice(0, start) + between + text.slice(end);
}

/** Whether the file is valid and no longer speaks of the token check of the function. */
function isValidWithout(source: string): boolean {
  try {
    return !parseConfig(source).entries.some(({ path }) =>
      isPath(path, [...FUNCTION, "verify_jwt"])
    );
  } catch {
    return false;
  }
}
