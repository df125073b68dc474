/** Claims of a token that passed {@link verifyToken}. */
export interface Claims extends Record<string, unknown> {
  role: string;
  /** Unix seconds. */
  exp: number;
  sub?: string;
}

/** A token that Realtime refuses, with its words for it. */
export class TokenRefused extends Error {
  override name = "TokenRefused";
  constructor(readonly code: string, message: string) {
    super(message);
  }
}

/** Verifies an HS256 token at `now` (milliseconds); throws {@link TokenRefused}. */
export async function verifyToken(
  token: string,
  { secret, now }: { secret: string; now: number },
): Promise<Claims> {
  const claims = read(token);
  if (!await isSigned(token, secret)) {
    throw new TokenRefused("JwtSignatureError", "Failed to validate JWT signature");
  }
  if (typeof claims.role !== "string" || typeof claims.exp !== "number") {
    throw new TokenRefused("InvalidJWTToken", "Fields `role` and `exp` are required in JWT");
  }
  const secondsAgo = Math.floor(now / 1000) - claims.exp;
  if (secondsAgo >= 0) {
    throw new TokenRefused("InvalidJWTToken", `Token has expired ${secondsAgo} seconds ago`);
  }
  return claims as Claims;
}

/** Signs `claims` with HS256, as the local Auth server does. */
export async function signToken(claims: Record<string, unknown>, secret: string): Promise<string> {
  const content = [{ alg: "HS256", typ: "JWT" }, claims]
    .map((part) => toBase64Url(new TextEncoder().encode(JSON.stringify(part)))).join(".");
  const signature = await crypto.subtle.sign(
    "HMAC",
    await hmacKey(secret, "sign"),
    new TextEncoder().encode(content),
  );
  return `${content}.${toBase64Url(new Uint8Array(signature))}`;
}

function read(token: string): Record<string, unknown> {
  try {
    const [header, claims, signature, ...rest] = token.split(".");
    if (!signature || rest.length > 0) throw new TypeError("A JWT has three parts");
    JSON.parse(new TextDecoder().decode(fromBase64Url(header!)));
    return JSON.parse(new TextDecoder().decode(fromBase64Url(claims!)));
  } catch {
    throw new TokenRefused("MalformedJWT", "The token provided is not a valid JWT");
  }
}

async function isSigned(token: string, secret: string): Promise<boolean> {
  const end = token.lastIndexOf(".");
  const { alg } = JSON.parse(new TextDecoder().decode(fromBase64Url(token.split(".")[0]!)));
  if (alg !== "HS256") return false;
  try {
    return await crypto.subtle.verify(
      "HMAC",
      await hmacKey(secret, "verify"),
      fromBase64Url(token.slice(end + 1)),
      new TextEncoder().encode(token.slice(0, end)),
    );
  } catch {
    return false; // The signature is not base64url.
  }
}

function hmacKey(secret: string, usage: KeyUsage): Promise<CryptoKey> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  return crypto.subtle.importKey("raw", new TextEncoder().encode(secret), algorithm, false, [
    usage,
  ]);
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
