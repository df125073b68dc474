import type { Field, TableMapping } from "../mapping/table_mapping.ts";

/** What the user has said about the mapping, in flags or answers. What is missing is left open. */
export type MappingChoices =
  & Partial<Omit<TableMapping, "fields">>
  & { readonly fields: Readonly<Partial<Record<Field, string | null>>> };

/** Whether the user has said anything about the mapping besides how changes come live. */
export function saysColumns({ fields, live: _live, ...others }: MappingChoices): boolean {
  return Object.keys(fields).length > 0 || Object.keys(others).length > 0;
}

/** The mapping with what the user has said in place of what it had. */
export function withChoices(
  mapping: TableMapping,
  { fields, ...others }: MappingChoices,
): TableMapping {
  return { ...mapping, ...others, fields: { ...mapping.fields, ...fields } };
}
