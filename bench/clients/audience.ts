import type { User } from "../stand_in/users.ts";

/** When something happened to a stream, in milliseconds since the Unix epoch. */
export interface OpenTimes {
  readonly userId: string;
  readonly requestedAt: number;
  /** Of the answer's body. */
  firstByteAt?: number;
  readyAt?: number;
}

/** The clients of one contender. */
export interface Audience extends AsyncDisposable {
  /**
   * Opens a stream for each user.
   *
   * @param perSecond How many to open a second. All at once if it is left out.
   * @returns Once every stream is open, and ready if the contender says so.
   */
  open(users: readonly User[], perSecond?: number): Promise<OpenTimes[]>;
  /** Milliseconds from emission to receipt, of the changes received since the last call. */
  takeLatencies(): Promise<number[]>;
}
