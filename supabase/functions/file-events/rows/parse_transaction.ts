/** Reads a transaction id, an `xid8`, which is text in JSON; `undefined` if `value` is none. */
export function parseTransaction(value: unknown): bigint | undefined {
  if (typeof value !== "string" && typeof value !== "number") return;
  const text = String(value);
  return /^\d{1,20}$/.test(text) ? BigInt(text) : undefined;
}
