import { isDeepStrictEqual } from "node:util";
import { SetupError } from "../setup_error.ts";
import type { ConfigEdit } from "./config_edit.ts";
import { type ConfigEntry, isPath, parseConfig, type ParsedConfig } from "./parse_config.ts";

const FUNCTION = ["functions", "file-events"];
const LINE = "verify_jwt = false";
const BLOCK = [
  "[functions.file-events]",
  "# The function verifies every token itself. The gateway's check would turn away each native",
  "# EventSource, which cannot send the header that it asks for.",
  LINE,
].join("\n");

/** Text that takes the place of what is between two positions. */
interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Turns the gateway's token check off for the function, and touches nothing else of `config.toml`.
 *
 * @param source The file's text, or nothing if there is no such file.
 * @throws {SetupError} `invalid-toml`, or `config-shape` if the entry has to be made by hand.
 */
export function addFunctionEntry(source: string | undefined): { text: string; edit: ConfigEdit } {
  if (source === undefined) return { text: `${BLOCK}\n`, edit: { kind: "file" } };
  const config = parseConfig(source);
  const before = config.entries.find(({ path }) => isPath(path, [...FUNCTION, "verify_jwt"]));
  if (before?.node.value.type === "TOMLValue" && before.node.value.value === false) {
    return { text: source, edit: { kind: "none" } };
  }
  if (before) {
    const [start, end] = before.node.value.range;
    return {
      text: replace(config, { start, end, text: "false" }),
      edit: { kind: "replaced", before: config.text.slice(start, end) },
    };
  }
  const insertion = insertionFor(config);
  const text = insertion.text.replaceAll("\n", config.eol);
  return {
    text: replace(config, { ...insertion, text }),
    edit: { kind: "inserted", text: insertion.text },
  };
}

/** Where the entry goes. Its line breaks are `\n`. */
function insertionFor(config: ParsedConfig): Replacement {
  const braces = (path: readonly string[]) =>
    config.entries.find((entry) =>
      entry.node.value.type === "TOMLInlineTable" && isPath(entry.path, path)
    );
  const inline = braces(FUNCTION);
  if (inline) return afterBrace(inline, LINE);
  const header = config.tables.find(({ resolvedKey }) => isPath(resolvedKey, FUNCTION));
  if (header) return newLine(config, endOfHeader(config, header.key.range[1]), LINE);
  const sibling = config.entries.find(({ path, depth }) =>
    path.length > 2 && depth < 2 && isPath(path.slice(0, 2), FUNCTION)
  );
  if (sibling) return dotted(config, sibling, "verify_jwt", 2);
  const all = braces(FUNCTION.slice(0, 1));
  if (all) return afterBrace(all, `file-events = { ${LINE} }`);
  const other = config.entries.find(({ path, depth }) =>
    depth === 0 && path.length > 1 && path[0] === "functions"
  );
  if (other) return dotted(config, other, "file-events.verify_jwt", 1);
  return atEnd(config);
}

function afterBrace({ node }: ConfigEntry, text: string): Replacement {
  if (node.value.type !== "TOMLInlineTable") throw byHand();
  const start = node.value.range[0] + 1;
  return { start, end: start, text: ` ${text}${node.value.body.length > 0 ? "," : ""}` };
}

/** A line below another of the same dotted key, of which `count` keys from the root are kept. */
function dotted(config: ParsedConfig, entry: ConfigEntry, name: string, count: number) {
  const { node, depth } = entry;
  const last = node.key.keys[count - depth - 1];
  if (!last || entry.isInline) throw byHand();
  const prefix = config.text.slice(node.key.range[0], last.range[1]);
  const lineStart = config.text.lastIndexOf("\n", node.range[0] - 1) + 1;
  const indentation = config.text.slice(lineStart, node.range[0]);
  return newLine(config, node.range[1], `${indentation}${prefix}.${name} = false`);
}

/** A line below the one that has the position. */
function newLine({ text }: ParsedConfig, position: number, line: string): Replacement {
  const lineBreak = text.slice(position).match(/\r?\n/);
  if (!lineBreak) return { start: text.length, end: text.length, text: `\n${line}` };
  const start = position + lineBreak.index! + lineBreak[0].length;
  return { start, end: start, text: `${line}\n` };
}

function endOfHeader({ text }: ParsedConfig, endOfKey: number): number {
  return text.indexOf("]", endOfKey) + 1;
}

function atEnd({ text }: ParsedConfig): Replacement {
  const [start, end] = [text.length, text.length];
  if (text === "") return { start, end, text: `${BLOCK}\n` };
  return { start, end, text: text.endsWith("\n") ? `\n${BLOCK}\n` : `\n\n${BLOCK}` };
}

/** Applies the change and checks that it has changed one value. */
function replace(config: ParsedConfig, { start, end, text }: Replacement): string {
  const result = config.mark + config.text.slice(0, start) + text + config.text.slice(end);
  const expected = structuredClone(config.value) as { functions?: Record<string, unknown> };
  const functions = expected.functions ??= {};
  if (typeof functions !== "object") throw byHand();
  functions["file-events"] = { ...functions["file-events"] as object, verify_jwt: false };
  let actual: unknown;
  try {
    actual = parseConfig(result).value;
  } catch {
    throw byHand();
  }
  if (!isDeepStrictEqual(actual, expected)) throw byHand();
  return result;
}

function byHand(): SetupError {
  return new SetupError(
    "config-shape",
    "supabase/config.toml writes its functions in a way that cannot be extended safely: set " +
      "verify_jwt = false for functions.file-events there by hand, then run this again.",
  );
}
