import type { JWK } from "@supabase/supabase-js";
import { Buffer } from "node:buffer";
import { mintToken } from "../../local/mint_token.ts";

/** How a token is signed. ES256 is verified with the project's public key, HS256 by asking Auth. */
export type Algorithm = "ES256" | "HS256";

export interface User {
  readonly id: string;
  readonly tokens: Readonly<Record<Algorithm, string>>;
}

/** Long enough for a whole run. */
const TOKEN_SECONDS = 6 * 3600;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** Makes users with tokens, and the public key that verifies their ES256 tokens. */
export async function createUsers(count: number): Promise<{ users: User[]; jwk: JWK }> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const kid = crypto.randomUUID();
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", keys.publicKey);
  const jwk = { kty, crv, x, y, alg: "ES256", kid, use: "sig", key_ops: ["verify"] } as JWK;

  async function mint(sub: string): Promise<string> {
    const exp = Math.floor(Date.now() / 1000) + TOKEN_SECONDS;
    const claims = { sub, role: "authenticated", aud: "authenticated", exp };
    const content = `${encode({ alg: "ES256", kid, typ: "JWT" })}.${encode(claims)}`;
    const bytes = new TextEncoder().encode(content);
    const signature = await crypto.subtle.sign(ALGORITHM, keys.privateKey, bytes);
    return `${content}.${Buffer.from(signature).toString("base64url")}`;
  }

  const users = await Promise.all(Array.from({ length: count }, async () => {
    const id = crypto.randomUUID();
    const HS256 = await mintToken(id, { seconds: TOKEN_SECONDS });
    return { id, tokens: { ES256: await mint(id), HS256 } };
  }));
  return { users, jwk };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
