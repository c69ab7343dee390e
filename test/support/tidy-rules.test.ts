/**
 * Every rule on a tree that keeps it and on trees that break it: a rule that cannot fail guards
 * nothing.
 */
import { describe, expect, test } from "vitest";
import {
  codeOf,
  cycles,
  deadFiles,
  downloadAddresses,
  importsOf,
  layering,
  leftovers,
  mirroredTests,
  purity,
  quotedTable,
  type SourceFile,
  titles,
} from "./tidy-rules.ts";

function tree(texts: Readonly<Record<string, string>>): SourceFile[] {
  return Object.entries(texts).map(([path, text]) => ({ path, text }));
}

const TABLE = { "cluster/base": [], "cluster/wire": ["cluster/base"], osd: ["cluster/wire"] };

describe("reading a file", () => {
  test.each([
    ['import { a } from "./a.ts";', ["osd/a.ts"]],
    ['import type { A } from "../cluster/a.ts";', ["cluster/a.ts"]],
    ['import {\n  a,\n  b,\n} from "./a.ts";', ["osd/a.ts"]],
    ['import "./a.ts";', ["osd/a.ts"]],
    ['export { a } from "./a.ts";', ["osd/a.ts"]],
    ['export * from "./a.ts";', ["osd/a.ts"]],
    ['const a = await import("./a.ts");', ["osd/a.ts"]],
    ['type A = import("./a.ts").A;', ["osd/a.ts"]],
    ['// import "./a.ts";', []],
    ['/* import "./a.ts"; */', []],
    ["const text = 'import \"./a.ts\"';", []],
    ['import "node:fs";', []],
  ])("%j imports %j", (text, imports) => {
    expect(importsOf({ path: "osd/x.ts", text })).toEqual(imports);
  });

  test.each([
    ['f("Date"); // Date', "f( );  "],
    ["f('Date')/* Date\n */;", "f( ) ;"],
    [`f(\`Date \${now} of\`);`, `f(\${now});`],
    ['f("https://x") + g', "f( ) + g"],
    ['f("\\"Date")', "f( )"],
  ])("the code of %j is %j", (text, code) => {
    expect(codeOf(text)).toBe(code);
  });
});

describe("layering", () => {
  test.each<[path: string, imports: string, problem: string | undefined]>([
    ["cluster/wire/a.ts", "../base/b.ts", undefined],
    ["cluster/wire/a.ts", "./b.ts", undefined],
    ["cluster/base/a.ts", "../wire/b.ts", "cluster/base may not import cluster/wire"],
    ["osd/pg/a.ts", "../../cluster/base/b.ts", "osd may not import cluster/base"],
    ["osd/a.ts", "../test/b.ts", "osd may not import test"],
    ["cluster/wire/a.ts", "../../bench/b.ts", "cluster/wire may not import bench"],
    ["test/a.ts", "../osd/b.ts", undefined],
    ["test/a.ts", "../bench/b.ts", undefined],
    ["cluster/other/a.ts", "../base/b.ts", "cluster/other/a.ts: stands in no layer"],
    ["clusters/a.ts", "./b.ts", "stands in no layer"],
    ["vitest.config.ts", "vitest", undefined],
  ])("%s importing %s: %s", (path, imports, problem) => {
    const files = tree({ [path]: `import type { B } from "${imports}";` });
    const found = layering(files, TABLE, ["test", "bench"]);
    expect(found).toEqual(problem === undefined ? [] : [expect.stringContaining(problem)]);
  });
});

describe("cycles", () => {
  test("a diamond is no cycle", () => {
    const files = tree({
      "a.ts": 'import "./b.ts"; import "./c.ts";',
      "b.ts": 'import "./d.ts";',
      "c.ts": 'import "./d.ts";',
      "d.ts": "",
    });
    expect(cycles(files)).toEqual([]);
  });

  test.each([
    ["of two", 'import "./b.ts";', 'import "./a.ts";'],
    ["of types", 'import type { B } from "./b.ts";', 'import type { A } from "./a.ts";'],
    ["behind import()", 'import "./b.ts";', 'const a = () => import("./a.ts");'],
  ])("a cycle %s is found and spelt out", (_, a, b) => {
    const files = tree({ "start.ts": 'import "./a.ts";', "a.ts": a, "b.ts": b });
    expect(cycles(files)).toEqual(["import cycle: a.ts -> b.ts -> a.ts"]);
  });

  test("a file that imports itself is a cycle", () => {
    expect(cycles(tree({ "a.ts": 'import "./a.ts";' }))).toEqual(["import cycle: a.ts -> a.ts"]);
  });
});

describe("purity", () => {
  const rules = {
    places: ["pure", "osd/one.ts"],
    packages: ["xxhash-wasm"],
    nodeNames: { "node:crypto": ["createHash", "createHmac"] },
    deniedGlobals: ["Date", "process", "setTimeout"],
  };

  test.each([
    'import { createHash } from "node:crypto";',
    'import { createHash as sha, createHmac } from "node:crypto";',
    'import xxhash from "xxhash-wasm";',
    'import { a } from "./a.ts";',
    "const text = 'the process of Date';",
    "// setTimeout would be wrong here",
    "const day = timeline.Date;",
    "const preprocess = 1;",
    "Math.max(1, 2);",
  ])("allows %j", (text) => {
    expect(purity(tree({ "pure/x.ts": text }), rules)).toEqual([]);
  });

  test.each([
    ['import { readFile } from "node:fs/promises";', "node:fs/promises"],
    ['import { randomBytes } from "node:crypto";', "randomBytes of node:crypto"],
    ['import {\n  createHash,\n  randomUUID,\n} from "node:crypto";', "randomUUID of node:crypto"],
    ['import { randomUUID as createHash } from "node:crypto";', "randomUUID of node:crypto"],
    ['import * as crypto from "node:crypto";', "all of node:crypto"],
    ['import crypto from "node:crypto";', "all of node:crypto"],
    ['const crypto = await import("node:crypto");', "all of node:crypto"],
    ['export { randomUUID } from "node:crypto";', "randomUUID of node:crypto"],
    ['import { type Hash } from "node:crypto";', "Hash of node:crypto"],
    ['import { Level } from "level";', "level"],
    ['import { x } from "@scope/package/deep";', "@scope/package/deep"],
    ["const now = Date.now();", "Date"],
    [`const text = \`at \${new Date()}\`;`, "Date"],
    ["const { env } = process;", "process"],
    ["setTimeout(f, 1);", "setTimeout"],
    ["const x = Math.random();", "Math.random"],
  ])("refuses %j", (text, what) => {
    const problem = expect.stringContaining(`may not use ${what};`);
    expect(purity(tree({ "pure/x.ts": text }), rules)).toEqual([problem]);
  });

  test("looks at the named places only, folders and single files", () => {
    const files = tree({
      "osd/one.ts": "process",
      "osd/two.ts": "process",
      "purer/x.ts": "process",
    });
    expect(purity(files, rules)).toEqual([expect.stringContaining("osd/one.ts")]);
  });
});

describe("dead files", () => {
  test("what is imported or started is alive", () => {
    const files = tree({ "main.ts": 'import "./a.ts";', "a.ts": "", "a.test.ts": "" });
    expect(deadFiles(files, ["main.ts"], [])).toEqual([]);
  });

  test("what nobody imports is dead", () => {
    const files = tree({ "main.ts": "", "a.ts": 'import "./main.ts";' });
    expect(deadFiles(files, ["main.ts"], [])).toEqual([
      expect.stringMatching(/^a\.ts: nothing imports/),
    ]);
  });

  test.each([
    ["its own test", "test/osd/a.test.ts", false],
    ["its own test of another kind", "test/osd/a.crash.test.ts", false],
    ["the test of another file", "test/osd/ab.test.ts", true],
    ["a support file of its own test", "test/osd/a.ts", true],
    ["a bench", "bench/osd/a.ts", true],
  ])("imported by %s alone", (_, path, isAlive) => {
    const files = tree({ [path]: 'import "../../osd/a.ts";', "osd/a.ts": "" });
    expect(deadFiles(files, [path], [])).toHaveLength(isAlive ? 0 : 1);
  });

  test("what is awaited is alive until it has a user", () => {
    const files = { "a.ts": "", "test/a.test.ts": 'import "../a.ts";' };
    expect(deadFiles(tree(files), [], ["a.ts"])).toEqual([]);
    const used = tree({ ...files, "main.ts": 'import "./a.ts";' });
    expect(deadFiles(used, ["main.ts"], ["a.ts"])).toEqual([
      expect.stringMatching(/^a\.ts: is used by now/),
    ]);
  });

  test.each([
    ["an entry point", ["a.ts"], []],
    ["an awaited file", [], ["a.ts"]],
  ])("%s that is gone is named", (_, entryPoints, awaited) => {
    expect(deadFiles([], entryPoints, awaited)).toEqual([
      expect.stringContaining("does not exist"),
    ]);
  });
});

describe("mirrored tests", () => {
  const without = (text: string): string[] => mirroredTests(tree({ "osd/pg/x.ts": text }), ["osd"]);

  test.each([
    "export function f(): void {}",
    "async function f() {}",
    "export class C {}",
    "const f = (a: number): number => a + 1;",
    "export const f = async <T>(a: T) => a;",
    "export const table = { f: () => { return 1; } };",
  ])("%j needs a test", (text) => {
    expect(without(text)).toEqual(["osd/pg/x.ts: has logic and no test/osd/pg/x.test.ts"]);
  });

  test.each([
    "export interface A { f(x: number): void }",
    "export type F = (x: number) => void;",
    "export const LIMIT = 5; export type F = () => void;",
    "export const NOTHING = { f: () => {} };",
    "// a function of the class",
  ])("%j needs none", (text) => {
    expect(without(text)).toEqual([]);
  });

  test("the mirrored file satisfies it, a file elsewhere does not", () => {
    const source = { "osd/x.ts": "class X {}" };
    expect(mirroredTests(tree({ ...source, "test/osd/x.test.ts": "" }), ["osd"])).toEqual([]);
    expect(mirroredTests(tree({ ...source, "test/x.test.ts": "" }), ["osd"])).toHaveLength(1);
  });
});

describe("leftovers", () => {
  test.each([
    'test.only("x", f);',
    'describe.skip.only("x", f);',
    "it.concurrent.only.each([1]);",
    "// TODO later",
    "/*\n * FIXME: this\n */",
    "// see #12\n// TODO",
  ])("%j is one", (text) => {
    expect(leftovers(tree({ "a.ts": text }))).toHaveLength(1);
  });

  test.each([
    'test("x.only", f);',
    "const all = list.only;",
    "// TODO(#12) later",
    'const word = "TODO";',
  ])("%j is none", (text) => {
    expect(leftovers(tree({ "a.ts": text }))).toEqual([]);
  });
});

describe("titles", () => {
  test.each([
    ["# One\n\n## Two\n", []],
    ["# One\n```sh\n# a comment\n```\n", []],
    ["text\n", [expect.stringContaining("has 0 titles")]],
    ["# One\n\n# Two\n", [expect.stringContaining("has 2 titles")]],
  ])("%j", (text, problems) => {
    expect(titles(tree({ "a.md": text, "a.ts": text }))).toEqual(problems);
  });
});

describe("download addresses", () => {
  // Put together here, because this file is judged by the rule too.
  const host = ["registry", "npmjs", "org"].join(".");

  test.each([
    ["docs/a.md", `npm install --registry https://${host}/`],
    [".npmrc", "fund=false\nregistry=http://mirror.local/\n"],
    [".npmrc", "@kelp:registry = http://mirror.local/"],
    ["package-lock.json", '{ "resolved": "file:x" }'],
    ["package-lock.json", '{ "version": "git+ssh://git@host/x.git" }'],
  ])("%s with %j names one", (path, text) => {
    expect(downloadAddresses(tree({ [path]: text }))).toHaveLength(1);
  });

  test.each([
    [".npmrc", "omit-lockfile-registry-resolved=true"],
    ["package-lock.json", '{ "version": "1.2.3", "funding": { "url": "https://example.org" } }'],
    ["a.ts", "registry.encode(out); registry = createRegistry();"],
  ])("%s with %j names none", (path, text) => {
    expect(downloadAddresses(tree({ [path]: text }))).toEqual([]);
  });
});

describe("the quoted table", () => {
  const quote = (...rows: string[]): string[] => {
    const table = ["| may import → | base | wire | osd |", "|---|:-:|:-:|:-:|", ...rows].join("\n");
    return quotedTable({ path: "a.md", text: `# A\n\n${table}\n\nAfter it.\n` }, TABLE);
  };
  const base = "| **cluster/**base | – | | |";
  const wire = "| cluster/wire | ✓ | – | |";
  const osd = "| **osd** | | ✓ | – |";

  test("a true quotation has no problem", () => {
    expect(quote(base, wire, osd)).toEqual([]);
  });

  test.each([
    ["a mark too many", [base, wire, "| **osd** | ✓ | ✓ | – |"], "osd: quoted"],
    ["a mark too few", [base, "| cluster/wire | | – | |", osd], "cluster/wire: quoted"],
    ["a missing row", [base, wire], 'osd: quoted "no such row"'],
    ["an invented row", [base, wire, osd, "| map | | | |"], 'is "no such layer"'],
  ])("%s is named", (_, rows, problem) => {
    expect(quote(...rows)).toEqual([expect.stringContaining(problem)]);
  });

  test("a document without the table is refused", () => {
    expect(quotedTable({ path: "a.md", text: "# A\n" }, TABLE)).toHaveLength(1);
  });
});
