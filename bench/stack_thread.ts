/** The embedded Supabase in a thread; see `stack_worker.ts`. */
export interface StackThread extends Disposable {
  readonly url: string;
  /** One at a time. */
  query<Row>(sql: string, parameters?: unknown[]): Promise<{ rows: Row[]; at: number }>;
}

export async function startStackThread(): Promise<StackThread> {
  const worker = new Worker(import.meta.resolve("./stack_worker.ts"), { type: "module" });
  const answer = <Data>() =>
    new Promise<Data>((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    });
  const { url } = await answer<{ url: string }>();
  return {
    url,
    query(sql, parameters = []) {
      const answered = answer<{ rows: never[]; at: number }>();
      worker.postMessage({ sql, parameters });
      return answered;
    },
    [Symbol.dispose]: () => worker.terminate(),
  };
}
