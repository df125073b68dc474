/**
 * Replaces each `{{name}}` in a template by its value. A value that has several lines keeps the
 * indentation of its placeholder. `{{name:text}}` writes the value as part of a literal, so that its
 * quotes are doubled; `{{name:format}}` as part of the format of `raise` or `format()`, so that its
 * percent signs are doubled too.
 *
 * @throws {Error} if the template names a value that is not there.
 */
export function fillTemplate(
  template: string,
  values: Readonly<Record<string, string>>,
): string {
  return template.split("\n").map((line) => fillLine(line, values)).join("\n");
}

function fillLine(line: string, values: Readonly<Record<string, string>>): string {
  const indentation = /^ */.exec(line)![0];
  return line.replace(/\{\{(\w+)(?::(text|format))?\}\}/g, (placeholder, name, form) => {
    if (!Object.hasOwn(values, name)) throw new Error(`There is no value for ${placeholder}`);
    const value = values[name]!;
    if (form === undefined) return value.replaceAll("\n", `\n${indentation}`);
    const literal = value.replaceAll("'", "''");
    return form === "format" ? literal.replaceAll("%", "%%") : literal;
  });
}
