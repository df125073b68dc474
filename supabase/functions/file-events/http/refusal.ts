import { AuthenticationError, type AuthenticationErrorCode } from "../auth/authentication_error.ts";

/** The codes that clients may rely on. `docs/protocol.md` lists them. */
export type RefusalCode =
  | AuthenticationErrorCode
  | "INVALID_PARAMETER"
  | "METHOD_NOT_ALLOWED"
  | "URI_TOO_LONG"
  | "TOO_MANY_STREAMS"
  | "SSE_SETUP_ERROR";

/** The status of each code. Errors are mapped to HTTP only here. */
const STATUS: Record<RefusalCode, number> = {
  AUTH_REQUIRED: 401,
  AUTH_INVALID: 401,
  AUTH_EXPIRED: 401,
  INVALID_PARAMETER: 400,
  METHOD_NOT_ALLOWED: 405,
  URI_TOO_LONG: 414,
  TOO_MANY_STREAMS: 429,
  SSE_SETUP_ERROR: 500,
  UPSTREAM_UNAVAILABLE: 503,
  OVERLOADED: 503,
};

export interface RefusalOptions {
  /** The original error. It is logged and never sent to the client. */
  readonly cause?: unknown;
  /** The user whose request is refused, if that matters to the operator. It is logged. */
  readonly userId?: string;
}

/** A request is refused. The code and the message are sent to the client unchanged. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly userId: string | undefined;

  constructor(readonly code: RefusalCode, message: string, options: RefusalOptions = {}) {
    super(message, options);
    this.status = STATUS[code];
    this.userId = options.userId;
  }

  /** The same request can succeed later. */
  get isTemporary(): boolean {
    return this.status === 429 || this.status === 503;
  }
}

/** Turns an error into a refusal. Returns `undefined` for an error of the function itself. */
export function toRefusal(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (error instanceof AuthenticationError) {
    return new Refusal(error.code, error.message, { cause: error.cause });
  }
}
