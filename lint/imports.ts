import { posix } from "node:path";
import { literalText } from "./literal_text.ts";
import { repositoryPath } from "./repository_path.ts";

type Table = Readonly<Record<string, readonly string[]>>;

const FUNCTION = "supabase/functions/file-events";
const CLIENT = "client";

/** What each folder may import besides itself. */
const FOLDERS: Table = {
  [FUNCTION]: [],
  [CLIENT]: [],
  local: [FUNCTION],
  demo: ["local", CLIENT],
  bench: ["local"],
  setup: [FUNCTION],
  lint: [],
  tests: [FUNCTION, CLIENT, "setup", "local", "demo", "bench", "lint"],
};

/** The only folder of `tests/` that the others may import. */
const TEST_SUPPORT = "tests/support";

/** Files of the function that all its folders may import, unless a row below names fewer. */
const PRIMITIVES = [
  "clock",
  "database_names",
  "fetch_with_timeout",
  "jitter",
  "limiter",
  "log",
  "schema_version",
  "sparse_log",
  "uuid",
];

/** Stands for every package that the function's `deno.json` names. */
const PACKAGES = "an npm package";

/** What each folder of the function, and each file beside its `index.ts`, may import. */
const FUNCTION_PARTS: Table = {
  stream: ["clock", "jitter", "log", "sparse_log"],
  rows: ["stream", ...PRIMITIVES],
  auth: ["stream", ...PRIMITIVES, PACKAGES],
  http: ["auth", "stream", ...PRIMITIVES, PACKAGES],
  realtime: ["rows", "stream", ...PRIMITIVES, PACKAGES],
  postgrest: ["rows", "stream", ...PRIMITIVES, PACKAGES],
  project_keys: [PACKAGES],
  system_clock: ["clock", "timer_wheel"],
  timer_wheel: ["clock"],
  ...Object.fromEntries(PRIMITIVES.map((name) => [name, PRIMITIVES])),
};

/** Files of the function that connect the parts and may import all of them. */
const COMPOSITION = ["config", "handler", "index"];

/** The client's files that may import a package besides {@link CLIENT_DEPENDENCY}: its peers. */
const CLIENT_PEERS: Table = { "client/react.ts": ["react"] };

/** What users of the client must download with it. */
const CLIENT_DEPENDENCY = "eventsource-parser";

/** Imports point where the tables above let them. */
export const imports: Deno.lint.Rule = {
  create(context) {
    const importer = repositoryPath(context);
    const judge = (node: Deno.lint.Node, specifier: string | undefined) => {
      const message = specifier === undefined
        ? usesWebOnly(importer) && "Import a literal, so that this rule can judge it."
        : objection(importer, specifier);
      if (message) context.report({ node, message });
    };
    return {
      ImportDeclaration: (node) => judge(node, node.source.value),
      ExportAllDeclaration: (node) => judge(node, node.source.value),
      ExportNamedDeclaration(node) {
        if (node.source) judge(node, node.source.value);
      },
      ImportExpression: (node) => judge(node, literalText(node.source)),
      TSImportType(node) {
        if (node.argument.type === "TSLiteralType") judge(node, literalText(node.argument.literal));
      },
      TSExternalModuleReference: (node) => judge(node, node.expression.value),
    };
  },
};

/** Why a file must not import something, and what to do instead. */
function objection(importer: string, specifier: string): string | undefined {
  if (specifier.startsWith("node:")) {
    return usesWebOnly(importer) ? "This folder uses Web APIs only, not node:." : undefined;
  }
  if (/^([a-z]+:|\/)/.test(specifier)) {
    return "Name an npm package in deno.json and import that name, or import a relative path.";
  }
  if (!specifier.startsWith(".")) {
    if (isIn(importer, CLIENT)) return objectionInClient(importer, specifier);
    return isIn(importer, FUNCTION) ? objectionInFunction(partOf(importer), PACKAGES) : undefined;
  }
  const imported = posix.join(posix.dirname(importer), specifier);
  return isIn(importer, FUNCTION) && isIn(imported, FUNCTION)
    ? objectionInFunction(partOf(importer), partOf(imported))
    : objectionToFolder(folderOf(importer), folderOf(imported));
}

function objectionInFunction(importer: string, imported: string): string | undefined {
  if (importer === imported || COMPOSITION.includes(importer)) return;
  const allowed = FUNCTION_PARTS[importer];
  if (!allowed) return `Say in lint/imports.ts what ${importer} may import.`;
  if (allowed.includes(imported)) return;
  return `${importer} must not import ${imported}. ` +
    `Declare in ${importer} what it needs, and let index.ts pass it in.`;
}

function objectionInClient(importer: string, name: string): string | undefined {
  if (name === CLIENT_DEPENDENCY || CLIENT_PEERS[importer]?.includes(name)) return;
  return `${importer} must not import ${name}. Each package costs users of the client a download.`;
}

function objectionToFolder(importer: string, imported: string): string | undefined {
  const isTest = /^tests(\/|$)/.test(importer);
  const allowed = isTest ? [...FOLDERS.tests!, TEST_SUPPORT] : FOLDERS[importer];
  if (!allowed) return `Say in lint/imports.ts what ${importer} may import.`;
  if (importer === imported || allowed.includes(imported)) return;
  return `${importer} must not import ${imported}. Move what both need to ` +
    `${isTest ? TEST_SUPPORT : "a folder that both may import"}.`;
}

/** The folder or file of the function, such as `stream` or `clock`. */
function partOf(path: string): string {
  return posix.relative(FUNCTION, path).split("/")[0]!.replace(/\.ts$/, "");
}

/** The folder that has a row above, or a folder of `tests/`. */
function folderOf(path: string): string {
  const [first, second, ...rest] = path.split("/");
  if (isIn(path, FUNCTION)) return FUNCTION;
  return first === "tests" && rest.length > 0 ? `tests/${second}` : first!;
}

const usesWebOnly = (path: string) => isIn(path, FUNCTION) || isIn(path, CLIENT);

const isIn = (path: string, folder: string) => path.startsWith(`${folder}/`);
