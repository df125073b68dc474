/** A network between a browser and a server that can be cut. */
export interface Network extends AsyncDisposable {
  /** Where the server is to be found across it. */
  url: string;
  /** Ends every connection, and each new one at once. */
  cut(): void;
  mend(): void;
}

/** Passes bytes between connections to `url` here and the server at `target`. */
export function startNetwork(target: string): Network {
  const { hostname, port } = new URL(target);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const ends = new Set<Deno.Conn>();
  let isCut = false;

  const close = (end: Deno.Conn) => {
    if (!ends.delete(end)) return;
    try {
      end.close();
    } catch (error) {
      // A connection whose two directions have both ended is closed already.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  };
  const cut = () => {
    isCut = true;
    ends.forEach(close);
  };
  const relay = async (near: Deno.Conn) => {
    ends.add(near);
    if (isCut) return close(near);
    const far = await Deno.connect({ hostname, port: Number(port) });
    ends.add(far);
    if (isCut) return [near, far].forEach(close);
    const options = { preventClose: true };
    const end = () => [near, far].forEach(close);
    // Whichever way ends, by itself or because it is cut, ends the other one.
    await Promise.race([
      near.readable.pipeTo(far.writable, options),
      far.readable.pipeTo(near.writable, options),
    ]).then(end, end);
  };
  const accept = async () => {
    const relays = new Set<Promise<void>>();
    for await (const near of listener) {
      const work = relay(near).finally(() => relays.delete(work));
      relays.add(work);
    }
    await Promise.all(relays);
  };
  const accepting = accept();

  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    cut,
    mend: () => {
      isCut = false;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      cut();
      await accepting;
    },
  };
}
