import { DEFAULT_MAPPING, type TableMapping } from "../../../setup/mapping/table_mapping.ts";
import { readDefaultScript } from "../../../setup/sql/render.ts";
import { quoteIdentifier, quoteLiteral, quoteTable } from "../../../setup/sql/quote.ts";
import { FILE_IDS } from "../step.ts";

/** A table that schedules are played on. The stream and its client know it by the model's ids. */
export interface TableShape {
  /** Continues "a table with ". */
  readonly name: string;
  readonly mapping: TableMapping;
  /** Creates the table. */
  readonly createSql: string;
  /** The ids of the table's rows, as texts, in the order of {@linkcode FILE_IDS}. */
  readonly ids: readonly string[];
  /** The column by which a policy hides a row; only such a table has one. */
  readonly hiddenBy?: string;
}

/** The table of the migration. */
export const DEFAULT_SHAPE: TableShape = {
  name: "the default names",
  mapping: DEFAULT_MAPPING,
  createSql: await readDefaultScript("files"),
  ids: FILE_IDS,
};

const GRANTS = (table: string, owner: string) => `
  alter table ${table} enable row level security;
  create policy "Owners" on ${table} for all to authenticated using (${owner} = auth.uid());
  grant all on ${table} to authenticated, service_role;
`;

export const OTHER_SHAPES: readonly TableShape[] = [
  {
    name: "big numbers as ids, quoted names and an enum",
    mapping: {
      ...DEFAULT_MAPPING,
      table: "Order Items",
      id: "Id",
      idType: "bigint",
      owner: "user",
      fields: {
        ...DEFAULT_MAPPING.fields,
        filename: "Name",
        file_type: null,
        status: "State",
        progress: "100%",
        processing_stage: null,
        error_message: null,
        created_at: null,
      },
      extra: ["select"],
      finalStatuses: ["ready"],
      revision: "file_revision",
      changedIn: "file_changed_in",
    },
    createSql: `
      create type state as enum ('pending', 'processing', 'ready');
      create table public."Order Items" (
        "Id" bigint primary key,
        "user" uuid not null references auth.users (id) on delete cascade,
        "Name" text, "State" state, "100%" numeric, "select" json default '[1]',
        revision text
      );
      ${GRANTS('public."Order Items"', '"user"')}
    `,
    // JavaScript's numbers are not exact there.
    ids: FILE_IDS.map((_, i) => String(2n ** 62n + BigInt(i))),
  },
  {
    name: "odd texts as ids, and a policy that hides rows",
    mapping: {
      ...DEFAULT_MAPPING,
      table: "documents",
      idType: "text",
      owner: "created_by",
      fields: { ...DEFAULT_MAPPING.fields, processing_stage: null, created_at: null },
      live: "pings",
    },
    createSql: `
      create table public.documents (
        id varchar(40) primary key,
        created_by uuid not null references auth.users (id) on delete cascade,
        filename text, file_type text, status text, progress real, error_message text,
        is_hidden boolean not null default false
      );
      ${GRANTS("public.documents", "created_by")}
      create policy "Not hidden" on public.documents as restrictive for select to authenticated
        using (not is_hidden);
    `,
    ids: ["ready", "reset", "heartbeat", "none", 'it\'s "1", {2}', "__proto__", "é", "7"],
    hiddenBy: "is_hidden",
  },
];

/** The table as SQL names it. */
export function tableOf({ mapping }: TableShape): string {
  return quoteTable(mapping);
}

/** An id of the model as a literal of SQL. */
export function idLiteral({ ids, mapping }: TableShape, id: string): string {
  return `${quoteLiteral(toNativeId(ids, id))}::${mapping.idType}`;
}

/** An id of the model as the table's text. */
export function toNativeId(ids: readonly string[], id: string): string {
  return ids[FILE_IDS.indexOf(id)] ?? id;
}

/** An id of the table as the model's. */
export function toModelId(ids: readonly string[], id: string): string {
  return FILE_IDS[ids.indexOf(id)] ?? id;
}

/** The columns that schedules write, quoted; `undefined` where the table has none. */
export function columnsOf({ mapping: { id, owner, fields } }: TableShape) {
  const column = (name: string | null) => name === null ? undefined : quoteIdentifier(name);
  return {
    id: quoteIdentifier(id),
    owner: quoteIdentifier(owner),
    filename: column(fields.filename),
    fileType: column(fields.file_type),
    status: column(fields.status),
    progress: column(fields.progress),
    stage: column(fields.processing_stage),
  };
}
