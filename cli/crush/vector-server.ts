/**
 * Answers requests for recorded results, one JSON object a line:
 *
 *   {"kind":"map","mapText":T,"rule":R,"numrep":N,"weights":[[osd,w],...],"minX":A,"maxX":B}
 *     -> {"mappings":[[...],...]}
 *   {"kind":"compile","mapText":T}      -> {"binB64":"..."}
 *   {"kind":"decompile","binB64":"..."} -> {"text":"..."}
 *   {"kind":"osdmap","mapText":T,"osdmap":{...},"objects":[[pool,name],...]}
 *     -> {"pgs":{"<pool>":[[raw,rawPrimary,up,upPrimary,acting,actingPrimary],...]},
 *         "objects":[[pool,name,seed,acting],...]}
 *   {"kind":"hash","rows":[[args...],...],"strings":["hex",...]}
 *     -> {"rows":[u32,...],"strings":[[rjenkins,linux],...]}
 *
 * What cannot be answered gets {"error":"..."}.
 */
import { decodeBinary, encodeBinary } from "../../crush/binary.ts";
import { type CompiledMap, compile } from "../../crush/compiled.ts";
import { CrushError } from "../../crush/error.ts";
import {
  hash1,
  hash2,
  hash3,
  hash4,
  hash5,
  linuxString,
  rjenkinsString,
} from "../../crush/hash.ts";
import { compileText } from "../../crush/text.ts";
import { printText } from "../../crush/text-printer.ts";
import { type CrushMap, chooseArgsFor } from "../../crush/types.ts";
import { deviceWeights } from "./device-weights.ts";
import { answerOsdmap } from "./osdmap-vectors.ts";

interface MapRequest {
  readonly mapText: string;
  readonly rule: number;
  readonly numrep: number;
  readonly weights: readonly (readonly [device: number, weight: number])[];
  readonly minX: number;
  readonly maxX: number;
}

interface HashRequest {
  readonly rows: readonly (readonly number[])[];
  readonly strings: readonly string[];
}

type Answer = (request: never) => object;

export class VectorServer {
  /** Requests for one map come one after the other. */
  #last: { text: string; map: CrushMap; compiled: CompiledMap } | undefined;

  readonly #answers: Readonly<Record<string, Answer>> = {
    map: (request: MapRequest) => this.#map(request),
    compile: ({ mapText }: { mapText: string }) => ({
      binB64: Buffer.from(encodeBinary(compileText(mapText))).toString("base64"),
    }),
    decompile: ({ binB64 }: { binB64: string }) => ({
      text: printText(decodeBinary(Buffer.from(binB64, "base64"))),
    }),
    osdmap: answerOsdmap,
    hash: hashes,
  };

  answer(line: string): string {
    return JSON.stringify(this.#answer(line));
  }

  #answer(line: string): object {
    try {
      const request = JSON.parse(line);
      const kind = String(request.kind);
      const answer = Object.hasOwn(this.#answers, kind) ? this.#answers[kind] : undefined;
      return answer?.(request as never) ?? { error: `no requests of kind "${kind}" are answered` };
    } catch (error) {
      // A request of the wrong form fails where a field is missing; its sender reads why.
      if (
        error instanceof CrushError ||
        error instanceof SyntaxError ||
        error instanceof TypeError ||
        error instanceof RangeError
      ) {
        return { error: error.message };
      }
      throw error;
    }
  }

  #map({ mapText, rule, numrep, weights, minX, maxX }: MapRequest): object {
    requireAtMost(NUMREP_MAX, numrep, "numrep");
    requireAtMost(X_COUNT_MAX, maxX - minX + 1, "the number of x");
    if (this.#last?.text !== mapText) {
      const map = compileText(mapText);
      this.#last = { text: mapText, map, compiled: compile(map, chooseArgsFor(map, 0)) };
    }
    const { map, compiled } = this.#last;
    const devices = deviceWeights(map, weights);
    const mappings: number[][] = [];
    for (let x = minX; x <= maxX; x += 1) mappings.push(compiled.doRule(rule, x, numrep, devices));
    return { mappings };
  }
}

/** An answer is held in memory as a whole. */
const X_COUNT_MAX = 2 ** 20;
const NUMREP_MAX = 2 ** 10;

function requireAtMost(most: number, count: number, what: string): void {
  if (count <= most) return;
  throw new RangeError(`${what} is at most ${most}, not ${count}`);
}

function hashes({ rows, strings }: HashRequest): object {
  return {
    rows: rows.map(hashRow),
    strings: strings.map((hex) => {
      const bytes = Buffer.from(hex, "hex");
      return [rjenkinsString(bytes), linuxString(bytes)];
    }),
  };
}

function hashRow(row: readonly number[]): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = row;
  switch (row.length) {
    case 1:
      return hash1(a);
    case 2:
      return hash2(a, b);
    case 3:
      return hash3(a, b, c);
    case 4:
      return hash4(a, b, c, d);
    default:
      return hash5(a, b, c, d, e);
  }
}
