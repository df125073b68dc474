import {
  type ChangedFile,
  type ChangesOptions,
  changesSince,
} from "../../local/postgres/changes_since.ts";
import type { Session } from "../../local/postgres/postgres_session.ts";

/** A client that keeps a map of files by nothing but catch-up. */
export class CatchUpClient {
  readonly files = new Map<string, ChangedFile>();
  cursor: string | null = null;
  resets = 0;

  constructor(
    private readonly session: Session,
    private readonly options: ChangesOptions = {},
  ) {}

  /** Reads one page; false when it was the last one. */
  async readPage(): Promise<boolean> {
    const page = await changesSince(this.session, this.cursor, this.options);
    if (page.reset) {
      this.files.clear();
      this.resets++;
    }
    for (const { id } of page.deletions) this.files.delete(id);
    for (const file of page.files) this.files.set(file.id, file);
    this.cursor = page.cursor;
    return page.more;
  }

  async catchUp(): Promise<void> {
    while (await this.readPage());
  }

  /** Filenames by progress, the way a test states what it expects: `{ "a.pdf": 50 }`. */
  get progress(): Record<string, number> {
    return Object.fromEntries(
      [...this.files.values()].map((file) => [file.filename, file.progress]),
    );
  }
}
