import type { ColumnDescription } from "../database/table_description.ts";
import type { Io } from "../io.ts";
import {
  type Field,
  FIELDS,
  ID_TYPES,
  LIVE_CHOICES,
  type TableMapping,
} from "../mapping/table_mapping.ts";
import { type MappingChoices, withChoices } from "../options/mapping_choices.ts";
import { list } from "../options/parse_options.ts";
import { parseTableName } from "../options/table_name.ts";

export interface OpenQuestions {
  readonly proposal: TableMapping;
  /** What the user has said already is not asked. */
  readonly choices: MappingChoices;
  /** Of the real table. Without them nothing but the user's word is known. */
  readonly columns?: readonly ColumnDescription[];
}

const WORDS: Readonly<Record<Field, string>> = {
  filename: "the file's name",
  file_type: "its MIME type",
  status: "its status",
  progress: "its progress in percent",
  processing_stage: "what happens to it now",
  error_message: "why it failed",
  created_at: "when it was created",
};

/** Asks for what neither the flags nor the database tell. Enter takes what is in brackets. */
export async function askForMapping(
  io: Io,
  { proposal, choices, columns }: OpenQuestions,
): Promise<TableMapping> {
  const ask = async (question: string, value: string) =>
    await io.ask(`${question} [${value}]`) || value;
  const isOpen = (key: keyof TableMapping) => choices[key] === undefined;
  let mapping = proposal;
  if (!columns) {
    if (isOpen("table")) {
      const name = parseTableName(
        await ask("Table, with its schema if it is not public?", "files"),
      );
      mapping = { ...mapping, ...name };
    }
    if (isOpen("id")) {
      mapping = { ...mapping, id: await ask("Column of the id?", mapping.id) };
    }
    if (isOpen("idType")) {
      mapping = { ...mapping, idType: await choose(io, "Type of the id", ID_TYPES) };
    }
    if (isOpen("owner")) {
      const question = "Column of the owner, a uuid of auth.users?";
      mapping = { ...mapping, owner: await ask(question, mapping.owner) };
    }
  } else {
    io.print(`Columns: ${columns.map(({ name }) => name).join(", ")}`);
  }
  for (const field of FIELDS) {
    const proposed = mapping.fields[field];
    // The database has shown a column that fits.
    if (choices.fields[field] !== undefined || columns && proposed !== null) continue;
    const answer = await ask(`Column of ${WORDS[field]}, or none?`, proposed ?? "none");
    mapping = withChoices(mapping, { fields: { [field]: answer === "none" ? null : answer } });
  }
  if (isOpen("extra")) {
    const answer = await ask("More columns for the events, separated by commas?", "none");
    mapping = { ...mapping, extra: list(answer)! };
  }
  const words = columns?.find(({ name }) => name === mapping.fields.status)?.words ?? [];
  // The words of the database answer the question only if one of them looks final.
  const isAnswered = words.length > 0 && mapping.finalStatuses.length > 0;
  if (isOpen("finalStatuses") && mapping.fields.status !== null && !isAnswered) {
    const known = words.length > 0 ? ` (it has ${words.join(", ")})` : "";
    const question = `Statuses${known} after which nothing more happens, separated by commas?`;
    const answer = await ask(question, mapping.finalStatuses.join(",") || "none");
    mapping = { ...mapping, finalStatuses: list(answer)! };
  }
  if (isOpen("live") && !columns) {
    mapping = { ...mapping, live: await choose(io, "Live changes", LIVE_CHOICES) };
  }
  return mapping;
}

/** Asks until the answer is one of the choices. Enter takes the first. */
async function choose<T extends string>(
  io: Io,
  question: string,
  choices: readonly T[],
): Promise<T> {
  for (;;) {
    const answer = await io.ask(`${question}: ${choices.join(", ")}? [${choices[0]}]`);
    const chosen = answer === "" ? choices[0] : choices.find((choice) => choice === answer);
    if (chosen !== undefined) return chosen;
  }
}
