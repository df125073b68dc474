import { NGINX, PYTHON } from "./debian_programs.ts";

/** What the tests of this folder need of the machine. */
export interface Requirement {
  readonly name: string;
  /** The package of Debian that has it. */
  readonly debianPackage: string;
  /** A command that succeeds if it is there. */
  readonly command: readonly [string, ...string[]];
}

const REQUIREMENTS: readonly Requirement[] = [
  {
    name: "Node",
    debianPackage: "nodejs",
    // Where there is no Node, Deno passes itself off as `node` to the programs that it starts.
    command: ["node", "-e", `process.exit("Deno" in globalThis ? 1 : 0)`],
  },
  { name: "curl", debianPackage: "curl", command: ["curl", "--version"] },
  { name: "nginx", debianPackage: "nginx", command: [NGINX, "-v"] },
  { name: "OpenSSL", debianPackage: "openssl", command: ["openssl", "version"] },
  { name: PYTHON, debianPackage: "python3", command: [PYTHON, "--version"] },
  {
    name: `httpx for ${PYTHON}`,
    debianPackage: "python3-httpx",
    command: [PYTHON, "-c", "import httpx"],
  },
  { name: `h2 for ${PYTHON}`, debianPackage: "python3-h2", command: [PYTHON, "-c", "import h2"] },
];

/** The requirements that this machine lacks. */
export async function missingRequirements(): Promise<Requirement[]> {
  const found = await Promise.all(REQUIREMENTS.map(({ command }) => succeeds(...command)));
  return REQUIREMENTS.filter((_, index) => !found[index]);
}

/** Whether a program is there and ends with success. */
export async function succeeds(program: string, ...args: string[]): Promise<boolean> {
  try {
    const command = new Deno.Command(program, { args, stdout: "null", stderr: "null" });
    return (await command.output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
