export interface ColumnDescription {
  readonly name: string;
  /** As PostgreSQL writes it, without a length: `bigint`, `character varying`. */
  readonly type: string;
  /** `E` for an enum, `N` for a number, `S` for a text, `D` for a time: `pg_type.typcategory`. */
  readonly category: string;
  readonly isNullable: boolean;
  readonly isGenerated: boolean;
  /** Whether an index that is not deferrable keeps this column unique by itself. */
  readonly isUnique: boolean;
  /** Whether a foreign key leads from this column to `auth.users`. */
  readonly referencesUsers: boolean;
  /** The values of its enum or check, or those that are common in it. */
  readonly words: readonly string[];
}

/** A table, or what looks like one, as the catalogue of a database describes it. */
export interface TableDescription {
  readonly schema: string;
  readonly table: string;
  /** `pg_class.relkind`: `r` table, `p` partitioned, `v` view, `m` materialized, `f` foreign. */
  readonly kind: string;
  readonly isPartition: boolean;
  readonly inherits: boolean;
  readonly hasChildren: boolean;
  readonly columns: readonly ColumnDescription[];
}
