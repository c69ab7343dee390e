/** Map texts for tests: a small one to read, and random ones of every form that is accepted. */
import fc from "fast-check";
import { CrushError, type CrushErrorCode, type CrushErrorPlace } from "../../crush/error.ts";

/** Two hosts, four devices of two classes, one rule over all and one over a class. */
export const SAMPLE = `tunable choose_total_tries 50
device 0 osd.0 class hdd
device 1 osd.1 class ssd
device 2 osd.2 class hdd
device 3 osd.3 class ssd
type 0 osd
type 1 host
type 2 root
host a {
	id -2
	alg straw2
	item osd.0 weight 1.0
	item osd.1 weight 2.0
}
host b {
	id -3
	alg straw2
	item osd.2 weight 1.0
	item osd.3 weight 1.5
}
root default {
	id -1
	alg straw2
	item a
	item b
}
rule all {
	id 0
	type replicated
	min_size 1
	max_size 10
	step take default
	step chooseleaf firstn 0 type host
	step emit
}
rule fast {
	id 1
	type erasure
	min_size 1
	max_size 10
	step set_chooseleaf_tries 5
	step take default class ssd
	step chooseleaf indep 0 type host
	step emit
}
`;

export interface Failure {
  readonly code: CrushErrorCode;
  readonly message: string;
  readonly place: CrushErrorPlace | undefined;
}

/** The CrushError that the body throws. Everything else that it could do is a failed test. */
export function failureOf(body: () => unknown): Failure {
  try {
    body();
  } catch (error) {
    if (!(error instanceof CrushError)) throw error;
    return { code: error.code, message: error.message, place: error.place };
  }
  throw new Error("no CrushError was thrown");
}

const weight = fc.oneof(
  fc.constant(""),
  fc.integer({ min: 0, max: 100 }).map((whole) => ` weight ${whole}`),
  fc.double({ min: 0, max: 100, noNaN: true }).map((value) => ` weight ${value.toFixed(5)}`),
);

const alg = fc.constantFrom("straw2", "straw", "list", "tree");

interface Shape {
  readonly classes: readonly (string | undefined)[];
  readonly hosts: readonly { alg: string; weights: readonly string[] }[];
  readonly racks: readonly { alg: string; hosts: readonly boolean[] }[];
  readonly rootAlg: string;
  readonly rules: number;
}

const shape: fc.Arbitrary<Shape> = fc.record({
  classes: fc.array(fc.constantFrom("hdd", "ssd", undefined), { minLength: 8, maxLength: 8 }),
  hosts: fc.array(fc.record({ alg, weights: fc.array(weight, { maxLength: 3 }) }), {
    minLength: 1,
    maxLength: 4,
  }),
  racks: fc.array(
    fc.record({ alg, hosts: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }) }),
    { maxLength: 3 },
  ),
  rootAlg: alg,
  rules: fc.integer({ min: 0, max: 2 }),
});

/** Hosts may stand in several racks, and what is in no rack stands in the root. */
export const mapTexts: fc.Arbitrary<string> = shape.map((drawn) => {
  let device = 0;
  const devices: string[] = [];
  const hosts = drawn.hosts.map((host, index) => {
    const items = host.weights.map((itemWeight) => {
      const name = `osd.${device}`;
      const deviceClass = drawn.classes[device % drawn.classes.length];
      devices.push(`device ${device} ${name}${deviceClass ? ` class ${deviceClass}` : ""}`);
      device += 1;
      return `item ${name}${itemWeight}`;
    });
    return [`host host${index} {`, `alg ${host.alg}`, ...items, "}"].join("\n");
  });
  const racks = drawn.racks.map((rack, index) => {
    const items = drawn.hosts.flatMap((_, host) => (rack.hosts[host] ? [`item host${host}`] : []));
    return [`rack rack${index} {`, `alg ${rack.alg}`, ...items, "}"].join("\n");
  });
  const loose = drawn.hosts.flatMap((_, host) =>
    drawn.racks.some((rack) => rack.hosts[host]) ? [] : [`item host${host}`],
  );
  const root = [
    "root default {",
    `alg ${drawn.rootAlg}`,
    ...racks.map((_, index) => `item rack${index}`),
    ...loose,
    "}",
  ].join("\n");
  const rules = Array.from(
    { length: drawn.rules },
    (_, id) => `rule rule${id} {
id ${id} type replicated min_size 1 max_size 10
step take default step chooseleaf firstn 0 type host step emit
}`,
  );
  const types = ["type 0 osd", "type 1 host", "type 2 rack", "type 3 root"];
  return [...devices, ...types, ...hosts, ...racks, root, ...rules, ""].join("\n");
});
