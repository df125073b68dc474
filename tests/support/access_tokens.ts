import type { JWK } from "@supabase/supabase-js";
import { Buffer } from "node:buffer";

export const USER_ID = "11111111-1111-4111-8111-111111111111";
export const OTHER_USER_ID = "22222222-2222-4222-8222-222222222222";

type Json = Record<string, unknown>;

/** The claims of a signed-in user, valid for an hour. @param now Milliseconds. */
export function userClaims(now: number, claims: Json = {}): Json {
  return {
    sub: USER_ID,
    role: "authenticated",
    aal: "aal1",
    exp: Math.floor(now / 1000) + 3600,
    ...claims,
  };
}

/** A token with a made-up signature. */
export function unsignedToken(claims: unknown, header: Json = {}): string {
  return `${encode({ alg: "HS256", typ: "JWT", ...header })}.${encode(claims)}.c2lnbmF0dXJl`;
}

const ALGORITHMS = {
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  RS256: {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  },
};

/** A key pair as an Auth server has it. */
export interface SigningKey {
  /** The public key, as a JWKS lists it. */
  readonly jwk: JWK & { kid: string };
  /** A token of these claims; `header` may lie about the key. */
  sign(claims: Json, header?: Json): Promise<string>;
}

export async function generateSigningKey(alg: keyof typeof ALGORITHMS): Promise<SigningKey> {
  const algorithm = ALGORITHMS[alg];
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const kid = crypto.randomUUID();
  const { kty, crv, x, y, n, e } = await crypto.subtle.exportKey("jwk", keys.publicKey);
  const parts = JSON.parse(JSON.stringify({ kty, crv, x, y, n, e }));
  return {
    jwk: { ...parts, alg, kid, use: "sig" },
    async sign(claims, header = {}) {
      const content = `${encode({ alg, kid, typ: "JWT", ...header })}.${encode(claims)}`;
      const bytes = new TextEncoder().encode(content);
      const signature = await crypto.subtle.sign(algorithm, keys.privateKey, bytes);
      return `${content}.${Buffer.from(signature).toString("base64url")}`;
    },
  };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
