/** Passes streams on, and can end them as an isolate that is terminated does. */
export interface StreamRelay {
  pass(url: string, headers: Headers): Promise<Response>;
  /** Ends all streams now. */
  cut(): void;
  /** Ends each stream in the middle of the next bytes that it sends. */
  cutInside(): void;
  openStreams(): number;
}

interface RelayedStream {
  isToBeTorn: boolean;
  end(): Promise<void>;
}

export function createStreamRelay(): StreamRelay {
  const streams = new Set<RelayedStream>();
  return {
    async pass(url, requestHeaders) {
      const { body, status, headers } = await fetch(url, { headers: requestHeaders });
      const reader = body!.getReader();
      const stream: RelayedStream = {
        isToBeTorn: false,
        async end() {
          streams.delete(stream);
          await reader.cancel();
        },
      };
      streams.add(stream);
      const relayed = new ReadableStream<Uint8Array>({
        async pull(controller) {
          const { done, value } = await reader.read();
          if (value) controller.enqueue(stream.isToBeTorn ? firstHalf(value) : value);
          if (!done && !stream.isToBeTorn) return;
          controller.close();
          await stream.end();
        },
        cancel: stream.end,
      });
      return new Response(relayed, { status, headers });
    },
    cut() {
      for (const stream of streams) void stream.end();
    },
    cutInside() {
      for (const stream of streams) stream.isToBeTorn = true;
    },
    openStreams: () => streams.size,
  };
}

function firstHalf(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, Math.floor(bytes.length / 2));
}
