/**
 * Gives all that a template makes in the database, outside the streamed table, names of its own:
 * `job_events`, `job_deletions`, `job_changes_since` and the topic `jobs:<user id>` for the stream
 * "job". So a second table can be streamed beside the first.
 *
 * @param stream Lower-case letters. "file" leaves the template as it is.
 */
export function nameStream(template: string, stream: string): string {
  return template
    .replaceAll(/(?<![a-z])file_(?=events|deletions|changes_since)/g, `${stream}_`)
    .replaceAll(/\bfiles:/g, `${stream}s:`)
    .replaceAll(/their own files"/g, `their own ${stream}s"`)
    .replaceAll(`"Files are`, `"${stream[0]!.toUpperCase()}${stream.slice(1)}s are`);
}
