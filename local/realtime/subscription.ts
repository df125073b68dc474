/** One entry of `config.postgres_changes` in a join. */
export interface PostgresChanges {
  event?: string;
  schema?: string;
  table?: string;
  filter?: string;
}

/** The arguments of `realtime.subscribe`: event, schema, table, and a filter in three parts. */
export interface SubscriptionRequest {
  event: string;
  schema: string;
  table: string;
  column: string | null;
  operator: string | null;
  values: string[] | null;
}

const operators = ["eq", "neq", "lt", "lte", "gt", "gte", "in"];

/** Reads an entry; throws a `SyntaxError` with Realtime's words for a filter that it can't read. */
export function parseSubscription(entry: PostgresChanges): SubscriptionRequest {
  const { event = "*", schema = "public", table = "*", filter } = entry;
  const request = { event: event.toUpperCase(), schema, table };
  if (filter === undefined || filter.trim() === "") {
    return { ...request, column: null, operator: null, values: null };
  }
  const [, column, operator, value] = /^([^=]+)=([a-z]+)\.(.*)$/s.exec(filter) ?? [];
  if (!column || !operators.includes(operator!)) {
    throw new SyntaxError(`Error parsing \`filter\` params: ${JSON.stringify([filter])}`);
  }
  return { ...request, column, operator: operator!, values: values(operator!, value!) };
}

/**
 * A number that is the same for the same arguments, in every join and on every server.
 * (FNV-1a; a real server's numbers come from another hash.)
 */
export function subscriptionId(entry: PostgresChanges): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(JSON.stringify(entry, Object.keys(entry).sort()))) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 5;
}

function values(operator: string, value: string): string[] {
  if (operator !== "in") return [value];
  if (!/^\(.*\)$/s.test(value)) {
    throw new SyntaxError(`Error parsing \`filter\` params: ${JSON.stringify(["in", value])}`);
  }
  return value.slice(1, -1).split(",").map((item) => item.trim());
}
