import { createElement, memo } from "react";
import type { FileEvents } from "../../client/file_events.ts";
import { type FilesSnapshot, useFile, useFiles, useSummary } from "../../client/react.ts";
import type { Summary } from "../../client/summary.ts";

interface Props {
  readonly source: FileEvents;
}

/** How often the row of each file has rendered, by the file's id. */
export const renders: Record<string, number> = {};

/** What the hooks have returned last, by the component that called them. */
export const snapshots: Record<string, FilesSnapshot> = {};
export const summaries: Record<string, Summary> = {};

/** Several components, each with a hook. */
export function App({ source }: Props) {
  return createElement(
    "main",
    null,
    createElement(Status, { source }),
    createElement(List, { source }),
  );
}

function Status({ source }: Props) {
  const { connection } = snapshots.Status = useFiles(source);
  const summary = summaries.Status = useSummary(source);
  const first = useFile(source, "1");
  const text = `${connection.state}: ${first?.filename ?? "none"} of ${summary.total}`;
  return createElement("p", null, text);
}

function List({ source }: Props) {
  const { files } = snapshots.List = useFiles(source);
  summaries.List = useSummary(source);
  const rows = files.map(({ id }) => createElement(Row, { key: id, source, id }));
  return createElement("ul", null, rows);
}

const Row = memo(function Row({ source, id }: Props & { readonly id: string }) {
  const file = useFile(source, id);
  renders[id] = (renders[id] ?? 0) + 1;
  return createElement("li", null, `${file?.filename} ${file?.progress} %`);
});
