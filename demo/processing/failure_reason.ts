/**
 * Why a request to Supabase failed, in words for a person.
 *
 * @param status HTTP status, 0 if there was no answer: then the message is the runtime's own, such
 * as "Failed to fetch", and says nothing that a person could use.
 */
export function failureReason(status: number, message: string): string {
  if (status === 0) return "Supabase cannot be reached";
  if (status === 408 || status === 429 || status >= 500) {
    return `Supabase is not available (status ${status})`;
  }
  return `${message} (status ${status})`;
}
