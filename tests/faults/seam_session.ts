import type { Clock } from "../../client/environment.ts";
import type { GetToken, SupabaseClientLike } from "../../client/options.ts";
import type { Caller } from "../../supabase/functions/file-events/stream/caller.ts";
import { unsignedToken } from "../support/access_tokens.ts";
import { OWNER, type Rights } from "./file_database.ts";

/** What becomes of a question for a new token. */
export type TokenFate = "given" | "fails" | "hangs";

const HOUR_MS = 3_600_000;
/** supabase-js takes another token if the last one expires within this time. */
const RENEWAL_MARGIN_MS = 90_000;
/** The function refuses a token that expires within this time. */
const EXPIRY_MARGIN_MS = 30_000;

interface Claims {
  readonly sub: string;
  readonly aal: Rights;
  readonly expiresAt: number;
}

/**
 * Who is signed in at a client, as the Auth server and the app know it. The client asks for tokens by
 * `getToken`, or by what it uses of a supabase-js client.
 */
export class SeamSession {
  readonly #clock: Pick<Clock, "now">;
  /** Who is signed in, or was before the sign-out. */
  user: string = OWNER;
  rights: Rights = "aal1";
  fate: TokenFate = "given";
  #isSignedIn = true;
  #refusesAll = false;
  readonly #refused = new Set<string>();
  /** All tokens that were given, with what they say. */
  readonly #claims = new Map<string, Claims>();
  #token: string;
  readonly #listeners = new Set<Parameters<SupabaseClientLike["auth"]["onAuthStateChange"]>[0]>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
    this.#token = this.#create(HOUR_MS);
  }

  /** Whether somebody is signed in whose tokens the server accepts. */
  get isAccepted(): boolean {
    return this.#isSignedIn && !this.#refusesAll;
  }

  signIn(user: string, rights: Rights): void {
    this.user = user;
    this.rights = rights;
    this.fate = "given";
    this.#isSignedIn = true;
    this.#refusesAll = false;
    this.#token = this.#create(HOUR_MS);
    this.#emit("SIGNED_IN");
  }

  signOut(): void {
    this.#isSignedIn = false;
    this.#emit("SIGNED_OUT");
  }

  /** Takes another token, which is valid for so long. */
  renew(ms = HOUR_MS): void {
    if (!this.#isSignedIn) return;
    this.#token = this.#create(ms);
    this.#emit("TOKEN_REFRESHED");
  }

  /** The server accepts the last token no more. */
  expire(): void {
    this.#refused.add(this.#token);
  }

  /** The server accepts no token until the next sign-in. */
  refuseAll(): void {
    this.#refusesAll = true;
  }

  /** @returns Whose token it is, or the code with which the function refuses it. */
  judge(token: string): Caller | "AUTH_INVALID" | "AUTH_EXPIRED" {
    const { sub, aal, expiresAt } = this.#claims.get(token)!;
    if (this.#refusesAll) return "AUTH_INVALID";
    const isExpired = this.#refused.has(token) || expiresAt <= this.#clock.now() + EXPIRY_MARGIN_MS;
    return isExpired ? "AUTH_EXPIRED" : { userId: sub, token, rights: aal, expiresAt };
  }

  readonly getToken: GetToken = async ({ fresh }) => {
    if (this.fate === "fails") throw new Error("The Auth server can't be reached");
    if (this.fate === "hangs") await new Promise(() => {});
    if (!this.#isSignedIn) return null;
    if (fresh) this.renew();
    return this.#token;
  };

  readonly supabase: SupabaseClientLike = {
    auth: {
      getSession: () => {
        const { expiresAt } = this.#claims.get(this.#token)!;
        const isDue = this.#isSignedIn && expiresAt <= this.#clock.now() + RENEWAL_MARGIN_MS;
        return isDue ? this.#refresh() : Promise.resolve(this.#result());
      },
      refreshSession: () => this.#refresh(),
      onAuthStateChange: (callback) => {
        this.#listeners.add(callback);
        const subscription = { unsubscribe: () => void this.#listeners.delete(callback) };
        return { data: { subscription } };
      },
    },
  };

  async #refresh() {
    if (this.fate === "fails") return { data: { session: null }, error: {} };
    if (this.fate === "hangs") await new Promise(() => {});
    this.renew();
    return this.#result();
  }

  #result() {
    const session = this.#isSignedIn ? { access_token: this.#token } : null;
    return { data: { session }, error: null };
  }

  #emit(event: string): void {
    const { data: { session } } = this.#result();
    for (const callback of this.#listeners) callback(event, session);
  }

  #create(ms: number): string {
    const claims = { sub: this.user, aal: this.rights, expiresAt: this.#clock.now() + ms };
    const token = unsignedToken({ ...claims, number: this.#claims.size });
    this.#claims.set(token, claims);
    return token;
  }
}
