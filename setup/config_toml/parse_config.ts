import { isDeepStrictEqual } from "node:util";
import { type AST, getStaticTOMLValue, ParseError, parseTOML } from "toml-eslint-parser";
import { SetupError } from "../setup_error.ts";

/** A value of a TOML file, with where it stands. */
export interface ConfigEntry {
  /** All keys from the root, such as `functions`, `file-events`, `verify_jwt`. */
  readonly path: readonly string[];
  readonly node: AST.TOMLKeyValue;
  /** How many keys of `path` come from the table around it. */
  readonly depth: number;
  /** Whether it stands in braces, where a line break is an error. */
  readonly isInline: boolean;
}

export interface ParsedConfig {
  /** The text without a byte order mark; positions count from here. */
  readonly text: string;
  readonly mark: string;
  /** The line break that the file uses. */
  readonly eol: string;
  readonly tables: readonly AST.TOMLTable[];
  readonly entries: readonly ConfigEntry[];
  readonly value: Readonly<Record<string, unknown>>;
}

/** @throws {SetupError} `invalid-toml`, with about the line. */
export function parseConfig(source: string): ParsedConfig {
  const mark = source.startsWith("\uFEFF") ? "\uFEFF" : "";
  const text = source.slice(mark.length);
  const program = parse(text);
  const tables: AST.TOMLTable[] = [];
  const entries: ConfigEntry[] = [];
  const visit = (node: AST.TOMLKeyValue, around: readonly string[], isInline: boolean) => {
    const path = [...around, ...node.key.keys.map(nameOf)];
    entries.push({ path, node, depth: around.length, isInline });
    if (node.value.type !== "TOMLInlineTable") return;
    for (const inner of node.value.body) visit(inner, path, true);
  };
  for (const node of program.body[0].body) {
    if (node.type === "TOMLKeyValue") visit(node, [], false);
    else {
      tables.push(node);
      for (const inner of node.body) visit(inner, node.resolvedKey.map(String), false);
    }
  }
  return {
    text,
    mark,
    eol: text.match(/\r?\n/)?.[0] ?? "\n",
    tables,
    entries,
    value: getStaticTOMLValue(program),
  };
}

/** Whether two lists of keys are the same. */
export function isPath(path: readonly unknown[], other: readonly string[]): boolean {
  return isDeepStrictEqual(path, other);
}

function parse(text: string): AST.TOMLProgram {
  try {
    return parseTOML(text);
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new SetupError(
      "invalid-toml",
      `supabase/config.toml is not valid TOML (near line ${error.lineNumber}): correct it, ` +
        "then run this again.",
    );
  }
}

function nameOf(key: AST.TOMLBare | AST.TOMLQuoted): string {
  return key.type === "TOMLBare" ? key.name : key.value;
}
