import { SetupError } from "../setup_error.ts";

export interface TableName {
  readonly schema: string;
  readonly table: string;
}

const PART = /^(?:"((?:[^"]|"")+)"|([^".]+))(?:\.|$)/;

/**
 * Reads `documents`, `app.documents`, `"a.b"."c"`. Names are taken as they are written: quotes are
 * needed only around a name with a dot, and nothing is made lower case.
 *
 * @throws {SetupError} `table-name`.
 */
export function parseTableName(text: string): TableName {
  const parts: string[] = [];
  let rest = text;
  while (rest !== "") {
    const part = PART.exec(rest);
    if (!part) throw notAName(text);
    parts.push(part[1]?.replaceAll('""', '"') ?? part[2]!);
    rest = rest.slice(part[0].length);
  }
  const [first, second, third] = parts;
  if (first === undefined || third !== undefined || text.endsWith(".")) throw notAName(text);
  return second === undefined
    ? { schema: "public", table: first }
    : { schema: first, table: second };
}

function notAName(text: string): SetupError {
  return new SetupError(
    "table-name",
    `"${text}" is not the name of a table: write documents, or app.documents.`,
  );
}
