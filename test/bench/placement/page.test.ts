import { describe, expect, test } from "vitest";
import { reportPage } from "../../../bench/placement/page.ts";
import { sampleReport } from "./report-sample.ts";

describe("the report as a page", () => {
  const report = sampleReport();
  const page = reportPage(report);

  test("needs nothing from anywhere else", () => {
    expect(page).not.toMatch(/https?:|\/\/|url\(|@import|<script|<link|<img|<iframe|src=|href=/);
  });

  test("is well formed: every element that is opened is closed", () => {
    const open: string[] = [];
    for (const [, end, name = "", rest = ""] of page.matchAll(/<(\/?)([a-z0-9]+)([^<>]*)>/g)) {
      if (name === "meta" || rest.endsWith("/")) continue;
      if (end === "/") expect(open.pop()).toBe(name);
      else open.push(name);
    }
    expect(open).toEqual([]);
  });

  test("shows every scheme and every change", () => {
    for (const { name } of report.schemes) expect(page).toContain(`<dt>${name}</dt>`);
    for (const { name } of report.changes) expect(page).toContain(`<th scope="row">${name}</th>`);
    expect(page).toContain("straw2 + upmap");
    expect(page).toContain(`<th scope="row">chance</th>`);
    expect(page).toContain("Beside crushtool");
  });

  test("says why a scheme is not there", () => {
    expect(page).toContain("Not here: the cluster is too large for it.");
  });

  test("shows names of a map as text", () => {
    const evil = `<script>alert("x")</script>`;
    const changes = report.changes.map((each) => ({ ...each, name: evil }));
    const hostile = reportPage({ ...report, cluster: evil, domain: evil, changes });
    expect(hostile).not.toContain("<script");
    expect(hostile).toContain("&lt;script>");
  });
});
