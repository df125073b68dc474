type Node = Deno.lint.Node;
type Pattern = Node | Deno.lint.TSParameterProperty | null;

/** Whether an identifier means a global: no scope around it declares its name. */
export function isGlobal(identifier: Deno.lint.Identifier): boolean {
  for (let scope = parentOf(identifier); scope; scope = parentOf(scope)) {
    if (patternsOf(scope).flatMap(namesIn).includes(identifier.name)) return false;
  }
  return true;
}

export function parentOf(node: Node): Node | undefined {
  return "parent" in node ? node.parent as Node : undefined;
}

/** What a scope declares. `var` is not hoisted out of its block: `deno lint` forbids it. */
function patternsOf(scope: Node): Pattern[] {
  switch (scope.type) {
    case "Program":
    case "BlockStatement":
      return scope.body.flatMap(declaredBy);
    case "SwitchStatement":
      return scope.cases.flatMap((branch) => branch.consequent.flatMap(declaredBy));
    case "ForStatement":
      return scope.init ? declaredBy(scope.init) : [];
    case "ForInStatement":
    case "ForOfStatement":
      return declaredBy(scope.left);
    case "FunctionDeclaration":
    case "FunctionExpression":
      return [scope.id, ...scope.params];
    case "ArrowFunctionExpression":
      return scope.params;
    case "ClassExpression":
      return [scope.id];
    case "CatchClause":
      return [scope.param];
    default:
      return [];
  }
}

function declaredBy(statement: Node): Pattern[] {
  switch (statement.type) {
    case "VariableDeclaration":
      return statement.declarations.map(({ id }) => id);
    case "FunctionDeclaration":
    case "ClassDeclaration":
    case "TSEnumDeclaration":
      return [statement.id];
    case "ImportDeclaration":
      return statement.specifiers.map(({ local }) => local);
    case "ExportNamedDeclaration":
    case "ExportDefaultDeclaration":
      return statement.declaration ? declaredBy(statement.declaration) : [];
    default:
      return [];
  }
}

function namesIn(pattern: Pattern): string[] {
  switch (pattern?.type) {
    case "Identifier":
      return [pattern.name];
    case "ObjectPattern":
      return pattern.properties.flatMap(namesIn);
    case "Property":
      return namesIn(pattern.value);
    case "ArrayPattern":
      return pattern.elements.flatMap(namesIn);
    case "AssignmentPattern":
      return namesIn(pattern.left);
    case "RestElement":
      return namesIn(pattern.argument);
    case "TSParameterProperty":
      return namesIn(pattern.parameter);
    default:
      return [];
  }
}
