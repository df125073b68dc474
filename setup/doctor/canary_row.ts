import type { TableMapping } from "../mapping/table_mapping.ts";

export type Row = Readonly<Record<string, unknown>>;

/** What the doctor writes into the table. */
export interface CanaryRow {
  readonly row: Row;
  /** The row's id. `undefined`: the database makes it. */
  readonly id: string | undefined;
  /** A column and its value that no other row has, to find the row by; `undefined`: there is none. */
  readonly mark: { readonly column: string; readonly value: string } | undefined;
}

/**
 * The row of the canary.
 *
 * @param options.name Unique, a UUID.
 * @param options.more More columns, which win over those that the doctor fills.
 */
export function canaryRow(
  { id, idType, owner, fields }: TableMapping,
  { name, userId, more }: { name: string; userId: string; more: Row },
): CanaryRow {
  const title = `file-events doctor ${name}`;
  const row: Row = {
    ...(idType === "uuid" && { [id]: name }),
    ...(idType === "text" && { [id]: `file-events-doctor-${name}` }),
    [owner]: userId,
    ...(fields.filename !== null && { [fields.filename]: title }),
    ...(fields.file_type !== null && { [fields.file_type]: "text/plain" }),
    ...more,
  };
  const given = row[id];
  const { filename } = fields;
  return {
    row,
    id: given === undefined || given === null ? undefined : String(given),
    mark: filename !== null && row[filename] === title
      ? { column: filename, value: title }
      : undefined,
  };
}

/** What changes a streamed column of the canary, so that it gets a new revision. */
export function canaryChange(
  { fields, revision }: TableMapping,
  { mark, times }: { mark: CanaryRow["mark"]; times: number },
): Row {
  if (mark && mark.column === fields.filename) return { [mark.column]: `${mark.value} (${times})` };
  // The migration's trigger takes this as a request for a new revision.
  return { [revision]: null };
}
