import { AuthenticationError } from "./authentication_error.ts";
import type { Authenticate } from "./authenticate.ts";

/** Whether Auth does not accept the token, or no longer does. Rejects if Auth can't judge it. */
export async function isTokenRefused(token: string, authenticate: Authenticate): Promise<boolean> {
  try {
    await authenticate(token);
    return false;
  } catch (error) {
    if (error instanceof AuthenticationError && error.isTokenFault) return true;
    throw error;
  }
}
