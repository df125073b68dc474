/** What the server at `base` answers to a request that was sent to another one. */
export function passOn({ url, method, headers, body }: Request, base: string): Promise<Response> {
  const { pathname, search } = new URL(url);
  return fetch(new URL(pathname + search, base), { method, headers, body });
}
