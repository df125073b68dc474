/**
 * The origins whose pages may read the stream: all origins, or those in the set. In an origin of
 * the set, `*` stands for a label of the host, for a part of a label, or for the port.
 */
export type AllowedOrigins = "*" | ReadonlySet<string>;

/**
 * Origins of pages that are part of an app, such as `capacitor://localhost`. `http:` and `https:`
 * are excluded because they have their own rule, `ws:`, `wss:` and `ftp:` because no page has them,
 * and `file:` because such a page has no origin.
 */
const CUSTOM_ORIGIN = /^(?!(?:https?|wss?|ftp|file):)[a-z][a-z0-9+.-]*:\/\/[a-z0-9._*-]+(?::\d+)?$/;

/**
 * Parses a list of origins, separated by commas, in the form in which browsers send them.
 *
 * @throws {Error} if one of them can never match the origin of a page.
 */
export function parseAllowedOrigins(text: string): AllowedOrigins {
  if (text === "*") return "*";
  const origins = text.split(",").map((origin) => origin.trim());
  for (const origin of origins) {
    const fault = findFault(origin);
    if (fault) throw new Error(`'${origin}' ${fault}`);
  }
  return new Set(origins);
}

/** Whether a page of `origin`, as a browser sends it, may read the stream. */
export function isAllowed(origin: string, allowed: AllowedOrigins): boolean {
  return allowed === "*" || [...allowed].some((pattern) => matches(pattern, origin));
}

function findFault(pattern: string): string | undefined {
  if (pattern === "null") {
    return "is the origin of any sandboxed page, so that it would allow everybody as '*' does";
  }
  const [before = "", after, ...more] = pattern.split("*");
  if (more.length > 0) return "has more than one '*'";
  const isPort = after === "" && /^[^:]+:\/\/.+:$/.test(before);
  if (after !== undefined && !isPort && !/^[^:]*\./.test(after)) {
    return "has a '*' that stands neither in a label before the last one nor for the port";
  }
  // `URL` does not accept `*` as a port.
  const url = isPort ? `${before}1` : pattern;
  if (CUSTOM_ORIGIN.test(url)) return;
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return "is not an origin";
  const { origin } = new URL(url);
  if (origin !== url) return `must be '${isPort ? origin.replace(/1$/, "*") : origin}'`;
}

function matches(pattern: string, origin: string): boolean {
  const [before = "", after] = pattern.split("*");
  if (after === undefined) return origin === pattern;
  const between = origin.slice(before.length, origin.length - after.length);
  return origin === before + between + after && /^[a-z0-9_-]+$/.test(between);
}
