/** What `help` prints. */
export const HELP: readonly string[] = [
  "file-events: live progress of files for a Supabase project",
  "",
  "  add       installs it: the function, its migrations, an entry in config.toml",
  "  upgrade   brings an installation to this version",
  "  remove    takes it out again",
  "  doctor    follows a file through every link, and names the first broken one",
];
