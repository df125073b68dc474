/** The text of each Markdown file, by its path in the repository. */
export type Documents = ReadonlyMap<string, string>;

/**
 * Finds the relative links in Markdown files that lead nowhere: to a file or folder that does not
 * exist, or to a heading that the page does not have. Links to other sites are not checked.
 *
 * @param exists Whether the repository has a file or folder with this path.
 * @returns `<document>: <link>` for each.
 */
export function brokenLinks(documents: Documents, exists: (path: string) => boolean): string[] {
  return [...documents].flatMap(([document, text]) =>
    linksOf(text)
      .filter((link) => !resolves(link, document, documents, exists))
      .map((link) => `${document}: ${link}`)
  );
}

/** The targets of all links and images, except those to other sites. */
export function linksOf(text: string): string[] {
  const prose = withoutCode(text);
  const inline = [...prose.matchAll(/\]\(([^()\s]+)(?:\s+"[^"]*")?\)/g)];
  const references = [...prose.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)];
  return [...inline, ...references].map((match) => match[1]!)
    .filter((link) => !/^[a-z][a-z0-9+.-]*:/i.test(link));
}

function resolves(
  link: string,
  document: string,
  documents: Documents,
  exists: (path: string) => boolean,
): boolean {
  const base = new URL(document, "file:///");
  const { pathname, hash } = new URL(link, base);
  const path = pathname.slice(1).replace(/\/$/, "");
  const target = documents.get(path);
  if (target === undefined) return hash === "" && exists(path);
  return hash === "" || anchorsOf(target).has(hash.slice(1));
}

/** The anchors of a page's headings, as GitHub makes them. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of withoutFences(text).matchAll(/^#{1,6} +(.+)$/gm)) {
    const anchor = heading!.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M} _-]/gu, "").replaceAll(" ", "-");
    let unique = anchor;
    for (let number = 1; anchors.has(unique); number++) unique = `${anchor}-${number}`;
    anchors.add(unique);
  }
  return anchors;
}

function withoutFences(text: string): string {
  return text.replace(/^ *(`{3,}|~{3,})[^\n]*\n[\s\S]*?^ *\1$/gm, "");
}

function withoutCode(text: string): string {
  return withoutFences(text).replace(/(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)/g, "");
}
