import { expect, test } from "vitest";
import {
  effectiveLines,
  entryLines,
  helpLines,
  helpListLines,
} from "../../../cli/config/config-lines.ts";

const HELP = {
  kind: "controller",
  name: "balancer",
  default: "on",
  expects: "one of on, off",
  about: "Whether PGs are evened out.",
  isRuntime: true,
};

test("settings are tables, with who said what", () => {
  expect(entryLines([{ who: "global", name: "balancer", text: "on" }])[1]).toBe(
    "global  balancer  on\n",
  );
  const settings = [
    { name: "balancer", value: "off", source: "controller" },
    { name: "other", value: "", source: "default" },
  ];
  expect(effectiveLines(settings)).toEqual([
    "NAME      VALUE  FROM\n",
    "balancer  off    controller\n",
    "other     -      default\n",
  ]);
});

test("one setting is explained in full, many in three lines each", () => {
  expect(helpLines({ ...HELP, default: "", isRuntime: false }).join("")).toMatchInlineSnapshot(`
    "name          balancer
    of            controller
    what          Whether PGs are evened out.
    expects       one of on, off
    default       -
    takes effect  when the daemon is started again
    "
  `);
  expect(helpListLines([HELP])).toEqual([
    "controller  balancer  (on)\n",
    "    Whether PGs are evened out.\n",
    "    expects one of on, off\n",
  ]);
});
