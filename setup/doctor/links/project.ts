import { judgeProject } from "../judge/judge_project.ts";
import type { Link } from "../link.ts";

/** Is there a project at the URL, and does it know the key? */
export const projectLink: Link = {
  name: "project",
  title: "The project's URL and key",
  check: async ({ ask }) => judgeProject(await ask("/auth/v1/settings")),
};
