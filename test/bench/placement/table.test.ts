import { describe, expect, test } from "vitest";
import { reportText } from "../../../bench/placement/table.ts";
import { sampleReport } from "./report-sample.ts";

describe("the report in a terminal", () => {
  const report = sampleReport();
  const text = reportText(report);

  test("has a row for each scheme and each change", () => {
    for (const { name } of report.schemes) expect(text).toMatch(new RegExp(`^${name} `, "m"));
    for (const { name } of report.changes) expect(text).toMatch(new RegExp(`^${name} `, "m"));
    expect(text).toMatch(/^crushtool +3,200 +3,100–3,300 +1$/m);
    expect(text).toMatch(/^simd +800 +800–800 +4\.00 +3\.88–4\.13$/m);
  });

  test("shows beside them what chance would give", () => {
    expect(text).toMatch(/^chance +\d\.\d\d +\d\d\.\d % +\d+ %$/m);
  });

  test("says what upmap did, what is missing, and what cannot be", () => {
    expect(text).toMatch(/^ {2}\+ upmap +0 +100 % +100 %$/m);
    const words = text.replaceAll(/\s+/g, " ");
    expect(words).toContain("Upmap moved 145 replicas of 123 PGs, and took 67.0 ms.");
    expect(words).toContain("Found no device for 12 replicas.");
    expect(words).toContain("Not here: the cluster is too large for it.");
  });

  test.each([
    ["a small cluster", report],
    ["a long name", { ...report, cluster: `${"far/away/".repeat(12)}map, rule data` }],
    [
      "long names of changes",
      {
        ...report,
        changes: report.changes.map((each) => ({ ...each, name: `${each.name} `.repeat(5) })),
      },
    ],
    [
      "one scheme more and figures of full width",
      {
        ...report,
        schemes: [{ ...report.schemes[0], name: "map" }, ...report.schemes].map((scheme) => ({
          ...scheme,
          name: scheme.name ?? "",
          about: scheme.about ?? "",
          changes: report.changes.map(({ name, least }) => ({ name, moved: least * 99.9 })),
        })),
      },
    ],
  ])("of %s fits 80 columns", (_, shown) => {
    const long = reportText(shown)
      .split("\n")
      .filter((line) => line.length > 80 && line.includes(" "));
    expect(long).toEqual([]);
  });

  test("leaves no spaces at the end of a line", () => {
    expect(text).not.toMatch(/ $/m);
  });
});
