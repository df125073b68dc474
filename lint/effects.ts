import { isGlobal, parentOf } from "./is_global.ts";
import { literalText } from "./literal_text.ts";
import { repositoryPath } from "./repository_path.ts";

type Node = Deno.lint.Node;

/** The files of each folder that may use effects. The first one passes them to the others. */
const ROOTS = {
  "supabase/functions/file-events/": ["index.ts", "system_clock.ts"],
  "client/": ["web_environment.ts", "web_clock.ts"],
};

/** Globals that are effects: environment, network, timers, clock, page, console. */
const EFFECTS = new Set([
  "BroadcastChannel",
  "Deno",
  "EventSource",
  "MessageChannel",
  "WebSocket",
  "WebSocketStream",
  "Worker",
  "XMLHttpRequest",
  "addEventListener",
  "console",
  "document",
  "fetch",
  "indexedDB",
  "localStorage",
  "location",
  "navigator",
  "performance",
  "process",
  "removeEventListener",
  "requestAnimationFrame",
  "requestIdleCallback",
  "sessionStorage",
  "setImmediate",
  "setInterval",
  "setTimeout",
]);

/** Globals with some members that are effects. */
const PARTIAL_EFFECTS = new Map([
  ["AbortSignal", ["timeout"]],
  ["Date", ["now"]],
  ["Math", ["random"]],
  ["Temporal", ["Now"]],
  ["crypto", ["getRandomValues", "randomUUID"]],
]);

const GLOBAL_OBJECTS = new Set(["global", "globalThis", "self", "window"]);

/** The function and the client take clock, timers, random, network and environment as parameters. */
export const effects: Deno.lint.Rule = {
  create(context) {
    const path = repositoryPath(context);
    const [folder, roots] = Object.entries(ROOTS).find(([name]) => path.startsWith(name)) ?? [];
    if (!folder || !roots || roots.includes(path.slice(folder.length))) return {};

    const report = (node: Node, effect: string) => {
      const message = `Take ${effect} as a parameter, which ${roots[0]} passes in.`;
      context.report({ node, message });
    };
    const reportAlias = (node: Node, name: string) => {
      const message = `Write ${name}.… in full: this rule cannot see what an alias is used for.`;
      context.report({ node, message });
    };

    /** Judges an expression whose value is the global `name`. */
    function judge(node: Node, name: string): void {
      if (EFFECTS.has(name)) return report(node, name);
      if (!GLOBAL_OBJECTS.has(name) && !PARTIAL_EFFECTS.has(name)) return;
      const user = parentOf(node)!;
      switch (user.type) {
        case "MemberExpression": {
          const key = keyOf(user.property, user.computed);
          return key === undefined ? reportAlias(node, name) : judgeMember(user, name, key);
        }
        case "VariableDeclarator":
          return judgeDestructuring(user.id, name);
        case "CallExpression":
          return user.callee === node ? report(user, `${name}()`) : reportAlias(node, name);
        case "NewExpression":
          if (user.callee !== node) return reportAlias(node, name);
          return user.arguments.length === 0 ? report(user, `new ${name}()`) : undefined;
        case "BinaryExpression": // `x instanceof Date`
        case "UnaryExpression": // `typeof crypto`
          return;
        default:
          return reportAlias(node, name);
      }
    }

    function judgeMember(node: Node, name: string, key: string): void {
      if (GLOBAL_OBJECTS.has(name)) return judge(node, key);
      if (PARTIAL_EFFECTS.get(name)!.includes(key)) report(node, `${name}.${key}`);
    }

    /** `const { random } = Math` */
    function judgeDestructuring(pattern: Node, name: string): void {
      if (pattern.type !== "ObjectPattern") return reportAlias(pattern, name);
      for (const property of pattern.properties) {
        const key = property.type === "Property"
          ? keyOf(property.key, property.computed)
          : undefined;
        if (key === undefined) reportAlias(property, name);
        else judgeMember(property, name, key);
      }
    }

    return {
      Identifier(node) {
        if (isReference(node) && isGlobal(node)) judge(node, node.name);
      },
    };
  },
};

/** Expressions that TypeScript adds; its other nodes are types. */
const TYPED_EXPRESSIONS = [
  "TSAsExpression",
  "TSInstantiationExpression",
  "TSNonNullExpression",
  "TSSatisfiesExpression",
  "TSTypeAssertion",
];

/** Whether an identifier is read, and not the name of a member, a label, a pattern or a type. */
function isReference(node: Deno.lint.Identifier): boolean {
  const user = parentOf(node)!;
  switch (user.type) {
    case "MemberExpression":
      return user.object === node || user.computed;
    case "Property":
      return user.parent.type === "ObjectExpression" && (user.value === node || user.computed);
    case "MethodDefinition":
    case "PropertyDefinition":
      return user.value === node || user.computed;
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
    case "ImportSpecifier":
    case "ExportSpecifier":
    case "RestElement":
    case "ArrayPattern":
      return false;
    default:
      return !user.type.startsWith("TS") || TYPED_EXPRESSIONS.includes(user.type);
  }
}

/** The name of a member if it is written out: `x.name`, `x["name"]`. */
function keyOf(property: Node, computed: boolean): string | undefined {
  return property.type === "Identifier" && !computed ? property.name : literalText(property);
}
