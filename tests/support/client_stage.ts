import { mintToken } from "../../local/mint_token.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { USER_ID } from "./access_tokens.ts";
import { serveHttp } from "./http_server.ts";
import { createStreamRelay, type StreamRelay } from "./stream_relay.ts";
import { until } from "./until.ts";

/** The JSON of an event, as a client's callback is given it. */
export interface Received {
  eventType?: string;
  reason?: string;
  code?: string;
  file?: { id: string; filename: string; progress: number };
}

/** The function on the embedded Supabase, behind a server that can end its streams. */
export interface ClientStage extends AsyncDisposable {
  readonly url: string;
  /** Ends all streams, as an isolate that is terminated does. */
  readonly relay: Pick<StreamRelay, "cut" | "cutInside" | "openStreams">;
  /** What the function has been asked, in order. */
  readonly requests: Request[];
  /** Everything that the client has received. */
  readonly received: Received[];
  /** Gives the client's callback what it received; data that is no JSON throws, as in a client. */
  receive(data: string): void;
  /** Waits until an event that is `like` this one has arrived, and takes what came up to it. */
  arrives(like: Partial<Received>): Promise<Received>;
  /** Answers the next request with this stream, which ends at once, instead of the function. */
  answerNext(stream: string): void;
  /** Lets requests wait until the returned function is called. */
  hold(): () => void;
  /** Adds a file, which a connected client is sent. */
  insert(filename: string): Promise<void>;
  headers(): Promise<{ authorization: string }>;
}

/** A stage on a stack of its own, whose user has one file. */
export async function startClientStage(): Promise<ClientStage> {
  await using started = new AsyncDisposableStack();
  const stack = started.use(await startStack());
  const stage = started.use(createClientStage(stack, USER_ID));
  await stage.insert("first.txt");
  const running = started.move();
  return { ...stage, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

export function createClientStage(stack: Stack, user: string): ClientStage {
  const requests: Request[] = [];
  const answers: string[] = [];
  const relay = createStreamRelay();
  let mayPass = Promise.resolve();
  const server = serveHttp(async (request) => {
    requests.push(request);
    const answer = answers.shift();
    if (answer !== undefined) {
      return new Response(answer, { headers: { "content-type": "text/event-stream" } });
    }
    await mayPass;
    const { search } = new URL(request.url);
    return relay.pass(`${stack.url}/functions/v1/file-events${search}`, request.headers);
  });

  const received: Received[] = [];
  let taken = 0;
  const heard = () => JSON.stringify(received.slice(-5));
  return {
    url: `${server.url}/`,
    relay,
    requests,
    received,
    receive: (data) => void received.push(JSON.parse(data)),
    async arrives(like) {
      const fits = (event: Received) =>
        Object.entries(like).every(([key, value]) => event[key as keyof Received] === value);
      const find = () => received.findIndex((event, index) => index >= taken && fits(event));
      await until(() => find() >= 0, `${JSON.stringify(like)}; heard ${heard()}`);
      taken = find() + 1;
      return received[taken - 1]!;
    },
    answerNext: (stream) => void answers.push(stream),
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      mayPass = promise;
      return resolve;
    },
    async insert(filename) {
      await stack.database.query(
        "insert into public.files (user_id, filename, file_type) values ($1, $2, 'text/plain')",
        [user, filename],
      );
    },
    headers: async () => ({ authorization: `Bearer ${await mintToken(user)}` }),
    async [Symbol.asyncDispose]() {
      relay.cut();
      await server[Symbol.asyncDispose]();
    },
  };
}
