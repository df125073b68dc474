import { repositoryPath } from "./repository_path.ts";

const SNAKE_CASE = /^[a-z0-9]+(_[a-z0-9]+)*$/;

/** Names that say nothing about what is inside. */
const DRAWER = /(^|_)(utils?|helpers?|common|misc|shared)$|^types$/;

/** Files are named in snake_case, and neither files nor folders are drawers for anything. */
export const fileName: Deno.lint.Rule = {
  create: (context) => ({
    Program(node) {
      const names = repositoryPath(context).replace(/\.(tsx?|mjs)$/, "").split("/");
      if (!SNAKE_CASE.test(names.at(-1)!)) {
        context.report({ node, message: "Name the file in snake_case, after what it exports." });
      }
      const drawer = names.find((name) => DRAWER.test(name));
      if (drawer) {
        const message = `"${drawer}" does not say what is inside. Name it after its one idea.`;
        context.report({ node, message });
      }
    },
  }),
};
