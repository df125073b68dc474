/**
 * Replaces what stands between `<!-- bench:begin NAME -->` and `<!-- bench:end -->` in a page.
 *
 * @throws {Error} If the page and `blocks` do not have the same names.
 */
export function replaceBlocks(page: string, blocks: ReadonlyMap<string, string>): string {
  const replaced = new Set<string>();
  const result = page.replace(
    /(<!-- bench:begin ([\w-]+) -->)[^]*?(<!-- bench:end -->)/g,
    (_, begin: string, name: string, end: string) => {
      const block = blocks.get(name);
      if (block === undefined) throw new Error(`There is no text for the block ${name}`);
      replaced.add(name);
      return `${begin}\n\n${block}\n\n${end}`;
    },
  );
  const unused = [...blocks.keys()].filter((name) => !replaced.has(name));
  if (unused.length > 0) throw new Error(`The page has no block ${unused.join(", ")}`);
  return result;
}
