/**
 * node crush/simd/build.mjs [--check]
 *
 * Compiles the kernel and writes its bytes to ../simd-binary.ts, unless that was made from these
 * very sources. With --check it compiles in any case, writes nothing, and fails if the bytes
 * differ.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const OUTPUT = fileURLToPath(new URL("../simd-binary.ts", import.meta.url));
const OPTIONS = ["kernel.ts", "--enable", "simd", "--runtime", "stub", "-O3", "--noAssert"];
const LINE_LENGTH = 92;

/** Of everything that the bytes depend on. */
function digestOfSources() {
  const { devDependencies } = JSON.parse(readFileSync(`${FOLDER}../../package.json`, "utf8"));
  const hash = createHash("sha256").update(devDependencies.assemblyscript);
  for (const name of readdirSync(FOLDER).sort()) {
    hash.update(name).update(readFileSync(`${FOLDER}${name}`));
  }
  return hash.digest("hex");
}

async function compile() {
  // Takes a while to load, and is there only where development packages are.
  const { main } = await import("assemblyscript/asc");
  let bytes;
  const { error, stderr } = await main([...OPTIONS, "--baseDir", FOLDER, "--outFile", "kernel"], {
    writeFile: (_name, contents) => {
      bytes = contents;
    },
  });
  if (error !== null) throw new Error(`asc: ${error.message}\n${stderr}`);
  return Buffer.from(bytes);
}

function moduleOf(bytes, digest) {
  const lines = bytes.toString("base64").match(new RegExp(`.{1,${LINE_LENGTH}}`, "g"));
  return [
    "/** The kernel of crush/simd in base64, written by `npm run build`. */",
    "export const SIMD_BINARY: string = [",
    ...lines.map((line) => `  "${line}",`),
    '].join("");',
    "",
    "/** SHA-256 of the sources that it was compiled from. */",
    `export const SIMD_SOURCES = "${digest}";`,
    "",
  ].join("\n");
}

function present() {
  try {
    return readFileSync(OUTPUT, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return "";
    throw error;
  }
}

const digest = digestOfSources();
const before = present();
if (process.argv.includes("--check")) {
  if (moduleOf(await compile(), digest) !== before) {
    throw new Error("crush/simd-binary.ts is not what its sources give; run npm run build");
  }
} else if (!before.includes(digest)) {
  writeFileSync(OUTPUT, moduleOf(await compile(), digest));
}
