import { type Stack, startStack } from "../../local/stack.ts";
import { serveHttp } from "../support/http_server.ts";
import { until } from "../support/until.ts";
import { mintToken } from "../../local/mint_token.ts";
import { USER_ID } from "../support/access_tokens.ts";

/** The JSON of an event, as a client's callback is given it. */
export interface Received {
  eventType?: string;
  reason?: string;
  code?: string;
  file?: { id: string; filename: string };
}

/** The function on the embedded Supabase, behind a server that can end its streams. */
export interface ClientStage extends AsyncDisposable {
  url: string;
  /** What the function has been asked, in order. */
  requests: Request[];
  /** Everything that the client has received. */
  received: Received[];
  /** Gives the client's callback what it received; data that is no JSON throws, as in a client. */
  receive(data: string): void;
  /** Waits until an event that is `like` this one has arrived, and takes what came up to it. */
  arrives(like: Partial<Received>): Promise<void>;
  /** Answers the next request with this stream, which ends at once, instead of the function. */
  answerNext(stream: string): void;
  /** Ends all streams, as an isolate that is terminated does. */
  cut(): void;
  /** Adds a file, which a connected client is sent. */
  insert(filename: string): Promise<void>;
  headers(): Promise<{ authorization: string }>;
}

export async function startClientStage(): Promise<ClientStage> {
  await using started = new AsyncDisposableStack();
  const stack: Stack = started.use(await startStack());
  const user = USER_ID;
  const insert = async (filename: string) => {
    await stack.database.query(
      "insert into public.files (user_id, filename, file_type) values ($1, $2, 'text/plain')",
      [user, filename],
    );
  };
  await insert("first.txt");

  const requests: Request[] = [];
  const answers: string[] = [];
  let streams = new AbortController();
  const server = started.use(serveHttp((request) => {
    requests.push(request);
    const answer = answers.shift();
    if (answer !== undefined) {
      return new Response(answer, { headers: { "content-type": "text/event-stream" } });
    }
    const { search } = new URL(request.url);
    const { signal } = streams;
    return relay(`${stack.url}/functions/v1/file-events${search}`, request.headers, signal);
  }));
  started.defer(() => streams.abort());

  const received: Received[] = [];
  let taken = 0;
  const running = started.move();
  return {
    url: `${server.url}/`,
    requests,
    received,
    receive: (data) => void received.push(JSON.parse(data)),
    async arrives(like) {
      const fits = (event: Received) =>
        Object.entries(like).every(([key, value]) => event[key as keyof Received] === value);
      const find = () => received.findIndex((event, index) => index >= taken && fits(event));
      await until(() => find() >= 0, `${JSON.stringify(like)} in ${JSON.stringify(received)}`);
      taken = find() + 1;
    },
    answerNext: (stream) => void answers.push(stream),
    cut() {
      streams.abort();
      streams = new AbortController();
    },
    insert,
    headers: async () => ({ authorization: `Bearer ${await mintToken(user)}` }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** The function's answer, with an end of its own: a body that ends, as at a terminated isolate. */
async function relay(url: string, headers: Headers, signal: AbortSignal): Promise<Response> {
  const { body, status, headers: answered } = await fetch(url, { headers });
  const reader = body!.getReader();
  const end = () => void reader.cancel();
  signal.addEventListener("abort", end, { once: true });
  const relayed = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      signal.removeEventListener("abort", end);
      await reader.cancel();
    },
  });
  return new Response(relayed, { status, headers: answered });
}
