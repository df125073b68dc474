import type { Field } from "../mapping/table_mapping.ts";

/** How a column is recognised: by its name in snake_case and the category of its type. */
export interface FieldPattern {
  /** The likeliest name first. */
  readonly names: readonly string[];
  /** Whether `upload_status` is taken for `status` too. */
  readonly suffixes?: readonly string[];
  /** `pg_type.typcategory`: text, enum, number, time. */
  readonly categories: string;
}

/** What the columns are called that fill the fields of the protocol. */
export const FIELD_PATTERNS: Readonly<Record<Field, FieldPattern>> = {
  filename: {
    names: ["filename", "file_name", "original_name", "original_filename", "title", "name"],
    categories: "S",
  },
  file_type: {
    names: ["file_type", "mime_type", "mimetype", "content_type", "media_type", "type", "kind"],
    categories: "SE",
  },
  status: { names: ["status", "state"], suffixes: ["_status", "_state"], categories: "SE" },
  progress: {
    names: ["progress", "percent", "percentage", "pct"],
    suffixes: ["_progress", "_percent", "_pct"],
    categories: "N",
  },
  processing_stage: {
    names: ["processing_stage", "stage", "step", "phase"],
    suffixes: ["_stage", "_step", "_phase"],
    categories: "SE",
  },
  error_message: {
    names: ["error_message", "error", "failure_reason", "last_error", "error_text", "error_reason"],
    categories: "SU",
  },
  created_at: { names: ["created_at", "inserted_at", "created", "uploaded_at"], categories: "D" },
};

/** What the owner's column is called, if no foreign key shows it. */
export const OWNER_NAMES: readonly string[] = [
  ...["user_id", "owner_id", "owner", "created_by", "author_id", "author", "uploaded_by"],
  ...["uploader_id", "account_id", "profile_id", "user"],
];

const FINAL_WORDS: readonly string[] = [
  ...["done", "ready", "complete", "completed", "finished", "processed", "success", "succeeded"],
  ...["successful", "failed", "failure", "error", "errored", "cancelled", "canceled", "aborted"],
  ...["rejected", "expired", "timed_out"],
];

/** Whether nothing more is expected to happen after this status. */
export function isFinalWord(status: string): boolean {
  return FINAL_WORDS.includes(snakeCase(status));
}

/** `fileName`, `File Name` and `file-name` are `file_name`. */
export function snakeCase(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").replace(/[\s-]+/g, "_").toLowerCase();
}
