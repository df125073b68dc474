/** Throws an error that says what to do, if this process may not open `count` files and sockets. */
export function requireOpenFiles(count: number): void {
  const limits = Deno.readTextFileSync("/proc/self/limits");
  const limit = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Infinity);
  if (limit >= count) return;
  throw new Error(`This needs ${count} open files, and the limit is ${limit}: ulimit -n ${count}`);
}
