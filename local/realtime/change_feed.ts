import type { Database } from "../database.ts";
import { coalesced } from "./coalesced.ts";
import type { RealtimeOptions } from "./options.ts";
import {
  parseSubscription,
  type PostgresChanges,
  subscriptionId,
  type SubscriptionRequest,
} from "./subscription.ts";
import type { Timers } from "../timers.ts";
import type { Claims } from "./token.ts";

/** Takes the changes of one channel: JSON text, and the numbers of the subscriptions they match. */
export type ChangeListener = (data: string, ids: number[]) => void;

/** Changes of the tables in the publication `supabase_realtime`, to whom they may concern. */
export interface ChangeFeed {
  /** Resolves to the release of the subscriptions; throws an `Error` with Realtime's words. */
  subscribe(
    entries: PostgresChanges[],
    options: { claims: Claims; listener: ChangeListener },
  ): Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

export async function createChangeFeed(
  database: Database,
  { options, timers, isReplicating, report }: {
    options: RealtimeOptions;
    timers: Timers;
    /** Whether what is written now arrives. */
    isReplicating: () => boolean;
    report: (error: unknown) => void;
  },
): Promise<ChangeFeed> {
  const routes = new Map<number, { id: number; listener: ChangeListener }>();

  let isStopped = false;

  const reading = coalesced(async () => {
    await timers.wait(options.pollMs);
    const changes = await database.query<{ subscriptions: number[]; data: string }>(
      "select * from realtime.take_changes($1, $2)",
      [options.maxRecordBytes, options.maxChangesPerPoll],
    );
    const [left] = await database.query("select from realtime.change_outbox limit 1");
    if (left && !isStopped) reading.request();
    if (!isReplicating()) return;
    for (const { subscriptions, data } of changes) {
      const idsByListener = new Map<ChangeListener, number[]>();
      for (const subscription of subscriptions) {
        const route = routes.get(subscription);
        if (!route) continue;
        idsByListener.set(route.listener, [
          ...(idsByListener.get(route.listener) ?? []),
          route.id,
        ]);
      }
      for (const [listener, ids] of idsByListener) listener(data, ids);
    }
  }, report);
  const unlisten = await database.listen("realtime_change", () => reading.request());

  return {
    async subscribe(entries, { claims, listener }) {
      const requests = entries.map((entry) => ({
        id: subscriptionId(entry),
        ...parseSubscription(entry),
      }));
      const subscribed = new Map<number, { id: number; listener: ChangeListener }>();
      await database.exclusive(async (session) => {
        await session.transaction(async (transaction) => {
          for (const { id, ...request } of requests) {
            const { schema, table, event, column, operator, values } = request;
            const { rows } = await transaction.query<{ row: number }>(
              "select * from realtime.subscribe($1, $2, $3, $4, $5, $6, $7) row",
              [schema, table, event, claims, column, operator, values],
            ).catch((cause) => {
              throw subscriptionError(request, cause);
            });
            for (const { row } of rows) subscribed.set(row, { id, listener });
          }
        });
        for (const [row, route] of subscribed) routes.set(row, route);
      });
      return async () => {
        for (const row of subscribed.keys()) routes.delete(row);
        await database.query("delete from realtime.subscription where id = any ($1)", [
          [...subscribed.keys()],
        ]);
      };
    },
    async stop() {
      isStopped = true;
      await unlisten();
      await reading.idle();
    },
  };
}

function subscriptionError(request: SubscriptionRequest, cause: Error): Error {
  const { event, schema, table, column, operator, values } = request;
  const filters = column ? `{${JSON.stringify([column, operator, values]).slice(1, -1)}}` : "";
  const parameters = `[event: ${event}, schema: ${schema}, table: ${table}, filters: [${filters}]]`;
  const message = cause.message
    ? `An exception happened so please check your connect parameters: ${parameters}. ` +
      `Exception: ${cause.message}`
    : `Please check Realtime is enabled for the given connect parameters: ${parameters}`;
  return new Error(`Unable to subscribe to changes with given parameters. ${message}`, { cause });
}
