import { AuthenticationError } from "./authentication_error.ts";
import type { Authenticate } from "./authenticate.ts";

/** Whether the token is not, or no longer, accepted. Rejects if that can't be found out. */
export async function isTokenRefused(token: string, authenticate: Authenticate): Promise<boolean> {
  try {
    await authenticate(token);
    return false;
  } catch (error) {
    if (error instanceof AuthenticationError && error.isTokenFault) return true;
    throw error;
  }
}
