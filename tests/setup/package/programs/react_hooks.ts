// Is compiled, and never run: what users of React write, and what the compiler must refuse.
import { type FileEvents, fileEvents, type FileState } from "file-events";
import { useFile, useFiles, useSummary } from "file-events/react";

interface MyFile extends FileState {
  readonly page_count: number | null;
}

const url = "https://project.supabase.co";
const files: FileEvents<MyFile> = fileEvents({ getToken: () => null, url, key: "publishable" });

export function Component({ id }: { id: string | undefined }): string {
  const { files: list, connection } = useFiles(files);
  const pages: (number | null | undefined)[] = list.map(({ page_count }) => page_count);
  pages.push(useFile(files, id)?.page_count);
  const { stalled }: { stalled: readonly string[] } = useSummary(files);
  return [connection.state, pages.length, stalled.length].join();
}

export function WrongComponent(): void {
  // @ts-expect-error: the source is missing
  useFiles();
  // @ts-expect-error: a list is no source
  useFiles([]);
  // @ts-expect-error: an id is text
  useFile(files, 1);
}
