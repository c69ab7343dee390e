/**
 * Rules about the shape of the tree, each a pure function from the files to sentences about what is
 * wrong. They read text with regular expressions, not a syntax tree: the formatter has made the
 * text regular, and a rule of ten lines is one that a reader believes.
 *
 * The price is a short list of blind spots: an import inside a template literal is not seen, and a
 * backtick in a regular expression literal must be written as \x60.
 */
import { posix } from "node:path";

export interface SourceFile {
  /** From the root of the checkout, with "/". */
  readonly path: string;
  readonly text: string;
}

/**
 * Layer -> the layers that it may import. A layer is a folder; everything below it belongs to it.
 */
export type LayerTable = Readonly<Record<string, readonly string[]>>;

export interface Purity {
  /** Folders, or single files. */
  readonly places: readonly string[];
  readonly packages: readonly string[];
  /** "node:crypto" -> the names that may be imported from it. */
  readonly nodeNames: Readonly<Record<string, readonly string[]>>;
  readonly deniedGlobals: readonly string[];
}

/**
 * In this order, so that what looks like an import or a comment inside a string is part of the
 * string.
 */
const TOKEN = new RegExp(
  [
    String.raw`(?<comment>//.*|/\*[\s\S]*?\*/)`,
    String.raw`(?<template>\x60(?:\\[\s\S]|[^\x60\\])*\x60)`,
    String.raw`(?<=\bfrom\s*|\bimport\s*\(?\s*)"(?<specifier>[^"\n]+)"`,
    String.raw`(?<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')`,
  ].join("|"),
  "g",
);

const FROM_NODE = /\b(?:import|export)\b\s*(?:type\s+)?([^"';]*?)\s*(?:\bfrom\s*)?"(node:[^"]+)"/g;

/**
 * A declared function or class, a block with something in it behind an arrow, or a constant that is
 * an arrow.
 */
const LOGIC = new RegExp(
  [
    String.raw`\b(?:function|class)\b`,
    String.raw`=>\s*\{(?!\s*\})`,
    String.raw`\bconst \w+[^=;]*=\s*(?:async\s*)?(?:<[^>]*>)?\([^)]*\)[^=;]*=>`,
  ].join("|"),
);

const isTypeScript = ({ path }: SourceFile): boolean => path.endsWith(".ts");
const isInside = (path: string, place: string): boolean =>
  path === place || path.startsWith(`${place}/`);

/** What a file imports, exports from or loads with import(), as it is written there. */
function specifiersOf(text: string): string[] {
  return [...text.matchAll(TOKEN)].flatMap(({ groups: { specifier } = {} }) => specifier ?? []);
}

/** The files of the checkout that a file imports. */
export function importsOf({ path, text }: SourceFile): string[] {
  return specifiersOf(text)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => posix.join(posix.dirname(path), specifier));
}

/** The code alone: no comments, no strings; of templates only what they compute. */
export function codeOf(text: string): string {
  return text.replaceAll(TOKEN, (token) =>
    token.startsWith("\x60") ? (token.match(/\$\{[^}]*\}/g) ?? []).join(" ") : " ",
  );
}

function commentsOf(text: string): string[] {
  return [...text.matchAll(TOKEN)].flatMap(({ groups: { comment } = {} }) => comment ?? []);
}

/** Whoever may import anything (`free`) is imported by nobody but its like. */
export function layering(
  files: readonly SourceFile[],
  table: LayerTable,
  free: readonly string[],
): string[] {
  const places = [...Object.keys(table), ...free];
  const layerOf = (path: string): string | undefined =>
    places.find((place) => isInside(path, place));
  return files.filter(isTypeScript).flatMap((file) => {
    if (!file.path.includes("/")) return [];
    const layer = layerOf(file.path);
    if (layer === undefined)
      return [`${file.path}: stands in no layer; add its folder to the table`];
    if (free.includes(layer)) return [];
    return importsOf(file).flatMap((target) => {
      const below = layerOf(target);
      if (below === undefined || below === layer || table[layer]?.includes(below)) return [];
      return [`${file.path}: ${layer} may not import ${below} (${target})`];
    });
  });
}

/**
 * One sentence per knot that a depth-first walk runs into. Type imports count: a knot of types is
 * one too.
 */
export function cycles(files: readonly SourceFile[]): string[] {
  const imports = new Map(
    files.filter(isTypeScript).map((file) => [file.path, importsOf(file)] as const),
  );
  const done = new Set<string>();
  const problems: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      problems.push(`import cycle: ${[...trail.slice(start), path].join(" -> ")}`);
      return;
    }
    if (done.has(path)) return;
    for (const target of imports.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  return problems;
}

/**
 * Pure code sees no clock, I/O, process or randomness. The linter says so too, but can be told to
 * look away.
 */
export function purity(files: readonly SourceFile[], rules: Purity): string[] {
  const denied = new RegExp(
    String.raw`(?<![.\w$#])(?:${rules.deniedGlobals.join("|")}|Math\s*\.\s*random)(?![\w$])`,
    "g",
  );
  const pure = files.filter(
    (file) => isTypeScript(file) && rules.places.some((place) => isInside(file.path, place)),
  );
  return pure.flatMap((file) => {
    const modules = specifiersOf(file.text).filter((specifier) => !specifier.startsWith("."));
    const found = [
      ...modules.filter((name) => !(name in rules.nodeNames) && !rules.packages.includes(name)),
      ...forbiddenNames(file.text, rules.nodeNames),
      ...(codeOf(file.text).match(denied) ?? []),
    ];
    return found.map(
      (what) => `${file.path}: pure code may not use ${what}; take it as an argument`,
    );
  });
}

function forbiddenNames(text: string, allowed: Purity["nodeNames"]): string[] {
  return [...text.matchAll(FROM_NODE)].flatMap(([, clause = "", module = ""]) => {
    const names = allowed[module];
    if (names === undefined) return [];
    if (!clause.startsWith("{")) return [`all of ${module}`];
    return [...clause.matchAll(/(?:\btype\s+)?([\w$]+)(?:\s+as\s+[\w$]+)?/g)]
      .map(([, name = ""]) => name)
      .filter((name) => !names.includes(name))
      .map((name) => `${name} of ${module}`);
  });
}

/**
 * A file that nobody imports and nobody starts is not there for anything. Its own tests do not
 * count, or they would keep any file alive. `awaited` are the files whose users are still to come:
 * one that has a user leaves that list, as one that is gone leaves either.
 */
export function deadFiles(
  files: readonly SourceFile[],
  entryPoints: readonly string[],
  awaited: readonly string[],
): string[] {
  const sources = files.filter(isTypeScript);
  const paths = sources.map(({ path }) => path);
  const used = new Set(
    sources.flatMap((file) => importsOf(file).filter((target) => !isOwnTest(file.path, target))),
  );
  const isKept = (path: string): boolean =>
    path.endsWith(".test.ts") || entryPoints.includes(path) || awaited.includes(path);
  return [
    ...paths
      .filter((path) => !used.has(path) && !isKept(path))
      .map((path) => `${path}: nothing imports it; use it, remove it, or name it an entry point`),
    ...[...entryPoints, ...awaited]
      .filter((path) => !paths.includes(path))
      .map((path) => `${path}: is listed and does not exist`),
    ...awaited
      .filter((path) => used.has(path))
      .map((path) => `${path}: is used by now; take it off the list of awaited files`),
  ];
}

/** x/y.ts has test/x/y.test.ts, and perhaps others for a kind of test: test/x/y.crash.test.ts. */
function isOwnTest(test: string, path: string): boolean {
  return test.endsWith(".test.ts") && test.startsWith(`test/${path.replace(/ts$/, "")}`);
}

/**
 * x/y.ts is tested by test/x/y.test.ts, so that nobody has to look for its tests. Declarations need
 * none.
 */
export function mirroredTests(files: readonly SourceFile[], places: readonly string[]): string[] {
  const paths = new Set(files.map(({ path }) => path));
  return files
    .filter((file) => isTypeScript(file) && places.some((place) => isInside(file.path, place)))
    .filter(({ text }) => LOGIC.test(codeOf(text)))
    .map(({ path }) => ({ path, test: `test/${path.replace(/\.ts$/, ".test.ts")}` }))
    .filter(({ test }) => !paths.has(test))
    .map(({ path, test }) => `${path}: has logic and no ${test}`);
}

export function leftovers(files: readonly SourceFile[]): string[] {
  return files.filter(isTypeScript).flatMap(({ path, text }) => {
    const focused = /\b(?:test|it|describe|suite)(?:\.\w+)*\.only\b/.test(codeOf(text));
    const promises = commentsOf(text)
      .flatMap((comment) => comment.split("\n"))
      .filter((line) => /\b(?:TODO|FIXME)\b/.test(line) && !/#\d+/.test(line));
    return [
      ...(focused ? [`${path}: .only hides every other test`] : []),
      ...promises.map((line) => `${path}: name the issue, as in TODO(#12): ${line.trim()}`),
    ];
  });
}

export function titles(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => {
    if (!path.endsWith(".md")) return [];
    const prose = text.replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, "");
    const count = prose.match(/^# \S/gm)?.length ?? 0;
    return count === 1 ? [] : [`${path}: has ${count} titles ("# ..."), must have one`];
  });
}

/**
 * Where packages come from is the business of whoever installs; an address in the tree would decide
 * it for them.
 */
export function downloadAddresses(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => [
    ...(/\bregistry\.[\w-]+\.(?:org|com|net|io|dev)\b/.test(text)
      ? [`${path}: names a package registry`]
      : []),
    ...(path.endsWith(".npmrc") && /^\s*(?:@[\w.-]+:)?registry\s*=/m.test(text)
      ? [`${path}: sets a package registry`]
      : []),
    ...(path.endsWith("package-lock.json") &&
    /"resolved"\s*:|"version"\s*:\s*"[^"]*:\/\//.test(text)
      ? [`${path}: records download addresses; run npm install with this tree's .npmrc`]
      : []),
  ]);
}

/**
 * Compares the table that a document quotes with the one that is enforced. "x" heads the column of
 * "cluster/x".
 */
export function quotedTable(document: SourceFile, table: LayerTable): string[] {
  const lines = document.text.split("\n");
  const top = lines.findIndex((line) => line.startsWith("| may import"));
  if (top < 0) return [`${document.path}: quotes no dependency table ("| may import ...")`];
  const end = lines.findIndex((line, index) => index > top && !line.startsWith("|"));
  const [header = [], , ...rows] = lines.slice(top, end < 0 ? lines.length : end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.replaceAll("*", "").trim()),
  );
  const columns = header.map((name) => (name in table ? name : `cluster/${name}`));
  const quoted = new Map(
    rows.map(([name = "", ...marks]) => [
      name in table ? name : `cluster/${name}`,
      columns.slice(1).filter((_, index) => marks[index] === "✓"),
    ]),
  );
  return [...new Set([...Object.keys(table), ...quoted.keys()])].flatMap((layer) => {
    const truth = table[layer]?.toSorted().join(", ") ?? "no such layer";
    const claim = quoted.get(layer)?.toSorted().join(", ") ?? "no such row";
    return truth === claim ? [] : [`${document.path}: ${layer}: quoted "${claim}", is "${truth}"`];
  });
}
