/** What Linux counts CPU time in, unless somebody has built it otherwise. */
const TICKS_PER_SECOND = 100;

/** The CPU time that all threads of a process have used, user and system, in milliseconds. */
export function processCpu(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // The name before these fields may hold spaces.
  const [user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13);
  return (Number(user) + Number(system)) * 1000 / TICKS_PER_SECOND;
}
