/** The codes that clients may rely on: `docs/protocol.md` lists them. */
export type ErrorCode =
  | "AUTH_REQUIRED"
  | "AUTH_INVALID"
  | "AUTH_EXPIRED"
  | "INVALID_PARAMETER"
  | "METHOD_NOT_ALLOWED"
  | "URI_TOO_LONG"
  | "SSE_SETUP_ERROR"
  | "UPSTREAM_UNAVAILABLE"
  | "OVERLOADED";

/** The status of each code: errors are mapped to HTTP here and nowhere else. */
const STATUS: Record<ErrorCode, number> = {
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

/** A refusal that the client is told about. Its message goes to the client as it is. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;

  /** @param options.cause What really happened: for the log, never for the client. */
  constructor(readonly code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = STATUS[code];
  }
}
