import { AuthenticationError, type AuthenticationErrorCode } from "../auth/authentication_error.ts";

/** The codes that clients may rely on. `docs/protocol.md` lists them. */
export type RefusalCode =
  | AuthenticationErrorCode
  | "INVALID_PARAMETER"
  | "METHOD_NOT_ALLOWED"
  | "URI_TOO_LONG"
  | "SSE_SETUP_ERROR";

/** The status of each code. Errors are mapped to HTTP only here. */
const STATUS: Record<RefusalCode, number> = {
  AUTH_REQUIRED: 401,
  AUTH_INVALID: 401,
  AUTH_EXPIRED: 401,
  INVALID_PARAMETER: 400,
  METHOD_NOT_ALLOWED: 405,
  URI_TOO_LONG: 414,
  SSE_SETUP_ERROR: 500,
  UPSTREAM_UNAVAILABLE: 503,
  OVERLOADED: 503,
};

/** A request is refused. The code and the message are sent to the client unchanged. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;

  /** @param options.cause The original error. It is logged and never sent to the client. */
  constructor(readonly code: RefusalCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = STATUS[code];
  }
}

/** Turns an error into a refusal. Returns `undefined` for an error of the function itself. */
export function toRefusal(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (error instanceof AuthenticationError) {
    return new Refusal(error.code, error.message, { cause: error.cause });
  }
}
