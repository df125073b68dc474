/** The types that an id may have. Events carry every id as text. */
export const ID_TYPES = ["uuid", "bigint", "integer", "text"] as const;
export type IdType = typeof ID_TYPES[number];

/** The fields of a file in the protocol that a column can fill, besides `id`. */
export const FIELDS = [
  "filename",
  "file_type",
  "status",
  "progress",
  "processing_stage",
  "error_message",
  "created_at",
] as const;
export type Field = typeof FIELDS[number];

/**
 * - "rows": live changes carry the row. They reach its owner whatever else the policies ask for.
 * - "pings": live changes only say that something has changed. A query then obeys every policy.
 * - "auto": the migration chooses by the policies of the table, once.
 */
export const LIVE_CHOICES = ["auto", "rows", "pings"] as const;
export type Live = typeof LIVE_CHOICES[number];

/** Which table is streamed, and which of its columns fill the fields of the protocol. */
export interface TableMapping {
  readonly schema: string;
  readonly table: string;
  /** The column of the id: unique by itself, and never null. */
  readonly id: string;
  readonly idType: IdType;
  /** The column of the owner, a UUID of `auth.users`. */
  readonly owner: string;
  /** The column of each field; `null` if the table has none, and then the field is always null. */
  readonly fields: Readonly<Record<Field, string | null>>;
  /** Columns that events carry besides, under their own names; at most 16. */
  readonly extra: readonly string[];
  /** The values of `status` after which nothing more is expected to happen. */
  readonly finalStatuses: readonly string[];
  /** The name of the column that the migration adds for revisions. */
  readonly revision: string;
  /** The name of the column that the migration adds for the transaction of the last change. */
  readonly changedIn: string;
  readonly live: Live;
}

/** The table of `supabase/migrations/20261123000000_files.sql`. */
export const DEFAULT_MAPPING: TableMapping = {
  schema: "public",
  table: "files",
  id: "id",
  idType: "uuid",
  owner: "user_id",
  fields: {
    filename: "filename",
    file_type: "file_type",
    status: "status",
    progress: "progress",
    processing_stage: "processing_stage",
    error_message: "error_message",
    created_at: "created_at",
  },
  extra: [],
  finalStatuses: ["ready", "failed"],
  revision: "revision",
  changedIn: "changed_in",
  live: "auto",
};
