import type { TableMapping } from "../mapping/table_mapping.ts";
import { quote } from "./answer.ts";
import type { AskOptions } from "./ask_project.ts";
import type { AskProject } from "./ask_project.ts";
import { type CanaryWriter, idsOf, type Place, type Written } from "./canary_writer.ts";
import { judgeWrite } from "./judge/judge_write.ts";
import { dataApiPath, profileHeaders } from "./data_api_path.ts";

/**
 * Writes through the Data API with the user's token, so that policies apply.
 *
 * @param ask Adds the key and the token.
 */
export function createDataApiWriter(ask: AskProject, mapping: TableMapping): CanaryWriter {
  const { id: idColumn } = mapping;

  async function write(path: string, options: AskOptions, prefer: string): Promise<Written> {
    const headers = { prefer, ...profileHeaders(mapping) };
    const answer = await ask(path, { ...options, headers });
    return {
      result: judgeWrite(answer),
      ids: idsOf(answer, idColumn),
      words: quote(answer),
    };
  }
  const select = { select: [idColumn] };
  const at = ({ column, value }: Place) => dataApiPath(mapping, select, { column, value });

  return {
    async insert(row, { id }) {
      const options = { method: "POST", body: row };
      // To return a row takes the right to read it, which is another question.
      if (id !== undefined) {
        const written = await write(dataApiPath(mapping, {}), options, "return=minimal");
        return { ...written, ids: written.result === "done" ? [id] : [] };
      }
      return write(dataApiPath(mapping, select), options, "return=representation");
    },
    update: (place, changes) =>
      write(at(place), { method: "PATCH", body: changes }, "return=representation"),
    remove: (place) => write(at(place), { method: "DELETE" }, "return=representation"),
  };
}
