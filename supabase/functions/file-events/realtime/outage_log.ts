import type { Log } from "../log.ts";
import type { ConnectionState } from "./pooled_socket.ts";

/**
 * Creates a function that takes the states of all sockets, and logs once in an outage that Realtime
 * can't be reached. The outage ends when all sockets are open.
 */
export function createOutageLog(log: Log): (states: readonly ConnectionState[]) => void {
  let isOutage = false;
  return (states) => {
    if (states.includes("closed")) {
      if (!isOutage) log("warn", "realtime can't be reached");
      isOutage = true;
    } else if (states.length > 0 && states.every((state) => state === "open")) {
      isOutage = false;
    }
    // A socket that is connecting says nothing yet.
  };
}
