import { useFile, useFiles, useSummary } from "file-events/react";
import { memo } from "react";
import { files } from "./files.ts";

export function FileList() {
  const { files: list, connection } = useFiles(files);
  const summary = useSummary(files);
  if (list.length === 0) return <p>{connection.state === "live" ? "No files yet." : "Loading…"}</p>;
  return (
    <>
      <p>
        {summary.ready} of {summary.total} ready
        {summary.failed > 0 && `, ${summary.failed} failed`}
        {summary.active > 0 && `, ${Math.round(summary.progress ?? 0)} % in all`}
      </p>
      <ul>
        {list.map(({ id }) => <FileRow key={id} id={id} />)}
      </ul>
    </>
  );
}

/** Renders again only when this file changes. */
const FileRow = memo(function FileRow({ id }: { id: string }) {
  const file = useFile(files, id);
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
