import { literalText } from "./literal_text.ts";
import { repositoryPath } from "./repository_path.ts";

const MESSAGE =
  "A test always runs, and fails where it can't. Delete it, or give it what it needs.";

const MARKS = ["ignore", "only", "skip"];

/** No test is skipped, and none keeps others from running. */
export const everyTestRuns: Deno.lint.Rule = {
  create(context) {
    if (!repositoryPath(context).startsWith("tests/")) return {};
    const isTest = (node: Deno.lint.Node) =>
      /^Deno\.test$|\.step$/.test(context.sourceCode.getText(node));
    const isMark = (node: Deno.lint.Node) =>
      MARKS.includes(node.type === "Identifier" ? node.name : literalText(node) ?? "");
    return {
      // Deno.test.ignore(…)
      MemberExpression(node) {
        if (isMark(node.property) && isTest(node.object)) {
          context.report({ node, message: MESSAGE });
        }
      },
      // Deno.test({ ignore: true, … })
      CallExpression(node) {
        if (!isTest(node.callee)) return;
        for (const argument of node.arguments) {
          if (argument.type !== "ObjectExpression") continue;
          for (const option of argument.properties) {
            if (option.type === "Property" && isMark(option.key)) {
              context.report({ node: option, message: MESSAGE });
            }
          }
        }
      },
    };
  },
};
