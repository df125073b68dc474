/**
 * What was done to `config.toml`, so that `remove` can take back just that. Line breaks in it are
 * `\n`, whatever the file has.
 */
export type ConfigEdit =
  /** Nothing, because the entry was there. */
  | { readonly kind: "none" }
  /** The file did not exist. */
  | { readonly kind: "file" }
  /** This text was inserted. */
  | { readonly kind: "inserted"; readonly text: string }
  /** The value was replaced that the file had before. */
  | { readonly kind: "replaced"; readonly before: string };

/** Reads an edit from JSON, or nothing if it isn't one. */
export function parseConfigEdit(json: unknown): ConfigEdit | undefined {
  if (typeof json !== "object" || json === null) return;
  const { kind, text, before } = json as Record<string, unknown>;
  if (kind === "none" || kind === "file") return { kind };
  if (kind === "inserted" && typeof text === "string" && text !== "") return { kind, text };
  if (kind === "replaced" && typeof before === "string" && before !== "") return { kind, before };
}
