import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Measurement } from "../../bench/bench.ts";
import { combine, figure, listing, machineLine, table, verdict } from "../../bench/report.ts";

describe("figures", () => {
  test.each([
    [0, "0.00"],
    [0.98765, "0.988"],
    [1, "1.00"],
    [12.345, "12.3"],
    [123.45, "123"],
    [999.4, "999"],
    [999.6, "1.00k"],
    [12_345, "12.3k"],
    [999_600, "1.00M"],
    [1_234_567, "1.23M"],
    [1.5e9, "1.50G"],
    [1.5e13, "15000G"],
    [-12_345, "-12.3k"],
  ])("%d is shown as %s", (value, text) => {
    expect(figure(value)).toBe(text);
  });

  test("are right to three digits", () => {
    const factors = { k: 1e3, M: 1e6, G: 1e9, "": 1 };
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e12, noNaN: true }), (value) => {
        const [, digits = "", suffix = ""] = /^([\d.]+)([kMG]?)$/.exec(figure(value)) ?? [];
        const shown = Number(digits) * factors[suffix as keyof typeof factors];
        expect(Math.abs(shown / value - 1)).toBeLessThanOrEqual(0.00501);
      }),
    );
  });
});

describe("verdicts", () => {
  const measured = { what: "x", value: 10, unit: "x" };

  test.each<[atLeast: number | undefined, verdict: string]>([
    [10, "ok"],
    [9.9, "ok"],
    [10.1, "short"],
    [undefined, ""],
  ])("10 where at least %s is wanted: %j", (atLeast, expected) => {
    expect(verdict(atLeast === undefined ? measured : { ...measured, atLeast })).toBe(expected);
  });
});

test.each([
  [10, "ok"],
  [9.9, "short"],
])("10 where at most %d is wanted is %s", (atMost, expected) => {
  const measured = { what: "x", value: 10, unit: "ms", atMost };
  expect(verdict(measured)).toBe(expected);
  expect(table([measured])).toContain(`≤ ${atMost === 10 ? "10.0" : "9.90"}`);
});

describe("the table", () => {
  test("aligns its columns and wraps what is measured", () => {
    const measurements: Measurement[] = [
      { what: "encode", value: 1.234, unit: "GB/s", atLeast: 1, spread: [1.1, 1.3] },
      {
        what: "echo 4 KiB, 64 in flight, 2 processes, raw node:net",
        value: 25_312,
        unit: "requests/s",
        atLeast: 26_000,
        spread: [24_100, 26_000],
      },
      { what: "echo, one to the other", value: 0.7, unit: "x" },
    ];
    expect(`\n${table(measurements)}\n`).toBe(`
what                          measured                   spread  target  verdict
encode                            1.23  GB/s          1.10–1.30    1.00  ok
echo 4 KiB, 64 in flight, 2
  processes, raw node:net        25.3k  requests/s  24.1k–26.0k   26.0k  short
echo, one to the other           0.700  x
`);
  });

  test("without measurements is its header", () => {
    expect(table([])).toBe("what  measured    spread  target  verdict");
  });

  test("keeps to 80 columns and shows every measurement once", () => {
    const word = fc.stringMatching(/^[a-z]{1,12}$/);
    const measurement = fc.record<Measurement>(
      {
        what: fc.array(word, { minLength: 1, maxLength: 12 }).map((words) => words.join(" ")),
        value: fc.double({ min: 0.1, max: 1e12, noNaN: true }),
        unit: word,
        atLeast: fc.double({ min: 0.1, max: 1e12, noNaN: true }),
        spread: fc.tuple(fc.nat(), fc.nat()),
      },
      { requiredKeys: ["what", "value", "unit"] },
    );
    fc.assert(
      fc.property(fc.array(measurement, { maxLength: 6 }), (measurements) => {
        const lines = table(measurements).split("\n");
        expect(lines.filter((line) => line.length > 80)).toEqual([]);
        const words = table(measurements).split(/\s+/);
        for (const { what, value } of measurements) {
          expect(words).toEqual(expect.arrayContaining([...what.split(" "), figure(value)]));
        }
      }),
    );
  });
});

describe("repeated runs", () => {
  test("one run stays as it is", () => {
    const run: Measurement[] = [{ what: "a", value: 1, unit: "x", spread: [0, 2] }];
    expect(combine([run])).toEqual(run);
  });

  test("give the median and the widest spread, measurement by measurement", () => {
    const run = (value: number, spread?: readonly [number, number]): Measurement[] => [
      { what: "a", value, unit: "x", atLeast: 2, ...(spread && { spread }) },
      { what: "b", value: value * 10, unit: "y" },
    ];
    expect(combine([run(1, [0.5, 3]), run(5), run(2, [2, 9])])).toEqual([
      { what: "a", value: 2, unit: "x", atLeast: 2, spread: [0.5, 9] },
      { what: "b", value: 20, unit: "y", spread: [10, 50] },
    ]);
  });

  test("that measured different things are a mistake", () => {
    const one: Measurement[] = [{ what: "a", value: 1, unit: "x" }];
    expect(() => combine([one, []])).toThrow('"a" of every run is missing');
  });
});

test("the list of benches wraps what they are about", () => {
  const run = (): Promise<Measurement[]> => Promise.resolve([]);
  const about = Array.from({ length: 20 }, () => "words").join(" ");
  const text = listing([
    { name: "kv", about: "the store", run },
    { name: "wire", about, run },
  ]);
  const [first, second, third] = text.split("\n");
  expect(first).toBe("kv    the store");
  expect(second).toMatch(/^wire {2}words/);
  expect(third).toMatch(/^ {8}words/);
});

test("the machine line has no date and squeezes the model's name", () => {
  const machine = {
    cpu: " Some(R)  CPU   @ 2.00GHz",
    cores: 2,
    memoryBytes: 7.9 * 1024 ** 3,
    node: "20.19.0",
    platform: "linux x64",
  };
  expect(machineLine(machine)).toBe(
    "Some(R) CPU @ 2.00GHz, 2 cores, 8 GiB, linux x64, Node 20.19.0",
  );
  expect(machineLine({ ...machine, cpu: "", cores: 1 })).toMatch(/^unknown processor, 1 core, /);
});
