import { useFile, useFiles, useSummary } from "file-events/react";
import { memo } from "react";
import { source } from "./files.ts";

export function FileList() {
  const { files, connection } = useFiles(source);
  const summary = useSummary(source);
  if (files.length === 0) {
    return <p>{connection.state === "live" ? "No files yet." : "Loading…"}</p>;
  }
  return (
    <>
      <p>
        {summary.ready} of {summary.total} ready
        {summary.failed > 0 && `, ${summary.failed} failed`}
        {summary.active > 0 && `, ${Math.round(summary.progress ?? 0)} % in all`}
      </p>
      <ul>
        {files.map(({ id }) => <FileRow key={id} id={id} />)}
      </ul>
    </>
  );
}

/** Renders again only when this file changes. */
const FileRow = memo(function FileRow({ id }: { id: string }) {
  const file = useFile(source, id);
  if (!file) return null;
  return (
    <li className={file.status ?? ""}>
      <strong>{file.filename}</strong>
      <span>{file.processing_stage ?? file.status}</span>
      <progress max="100" value={file.progress ?? 0} aria-label={`Progress of ${file.filename}`} />
      {file.error_message && <em>{file.error_message}</em>}
    </li>
  );
});
