import type { ChannelRequest } from "./channel_request.ts";
import { JoinPace } from "./join_pace.ts";
import { SocketGroup, type SocketGroupOptions } from "./socket_group.ts";

export interface SocketPool {
  request(request: ChannelRequest): ChannelHandle;
  /** Pauses all joins, because the server refused one as one too many. */
  slowDown(): void;
}

/** What whoever has requested a channel can do with it. */
export interface ChannelHandle {
  /** Takes the request back, or leaves the channel. */
  leave(): void;
  /**
   * Whether the channel should be joined within about 150 ms. It stays true for a moment after the
   * server has accepted it.
   */
  readonly isJoining: boolean;
}

/** A join that has had no answer for so long takes longer than usual. */
const SLOW_JOIN_MS = 300;

/**
 * Creates a pool that shares few sockets among the channels of all users.
 *
 * The answer to a join lets the next one be sent, so joins are as fast as the server answers. When
 * the server refuses one as one too many, they are paced for some minutes.
 *
 * A refused join blocks its socket for five seconds. So users who were refused join on sockets apart
 * from the others.
 */
export function createSocketPool(options: SocketGroupOptions): SocketPool {
  const { clock, random } = options;
  const ordinary = new SocketGroup(options, serve);
  /** For users whose last join was refused. */
  const quarantine = new SocketGroup(options, serve);
  /** In the order in which they are served. */
  const groups = [ordinary, quarantine];
  const pace = new JoinPace(clock, random);
  /** When `serve` will be called by the timer. */
  let wakeAt = Infinity;
  let cancelTimer = () => {};

  /** Makes all joins that can be made now. */
  function serve(): void {
    // Decide by this one value. A second reading could differ, and then no timer would be set.
    let wait = pace.waitMs;
    while (wait <= 0 && joinNext()) {
      pace.countJoin();
      wait = pace.waitMs;
    }
    const waiting = groups.filter((group) => group.hasRequests);
    if (waiting.length === 0) return wakeIn(Infinity);
    if (wait > 0) return wakeIn(wait);
    // Sockets that are opened long before they are used would close, because they are idle.
    const joinsAhead = pace.isLimited ? 1 : Infinity;
    wakeIn(Math.min(...waiting.map((group) => group.connect(joinsAhead))));
  }

  function joinNext(): boolean {
    // An answer that does not come is waited for. If it is a refusal because of too many joins, the
    // next join would be refused too, and would cost another socket.
    return groups.some((group) => !group.isStalled && group.joinNext());
  }

  function wakeIn(ms: number): void {
    const at = clock.now() + ms;
    if (at === wakeAt) return;
    cancelTimer();
    wakeAt = at;
    if (ms === Infinity) return void (cancelTimer = () => {});
    cancelTimer = clock.after(ms, () => {
      wakeAt = Infinity;
      serve();
    });
  }

  return {
    request(request) {
      const group = request.wasRefused ? quarantine : ordinary;
      const membership = group.enqueue(request);
      serve();
      return {
        leave: () => group.leave(membership),
        get isJoining() {
          const { joined } = membership;
          if (!joined) return !pace.isLimited && group.isSwift;
          return clock.now() - joined.channel.requestedAt < SLOW_JOIN_MS;
        },
      };
    },
    slowDown() {
      pace.slowDown();
      for (const group of groups) group.retire();
    },
  };
}
