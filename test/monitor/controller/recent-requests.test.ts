import { expect, test } from "vitest";
import { epoch } from "../../../cluster/base/ids.ts";
import { RecentRequests } from "../../../monitor/controller/recent-requests.ts";

test("requests are known by their ids with the epoch that they went into", () => {
  const requests = new RecentRequests();
  requests.add(["a", "b"], epoch(3));
  requests.add(["c"], epoch(4));
  expect([requests.epochOf("b"), requests.epochOf("c"), requests.epochOf("d")]).toEqual([
    3,
    4,
    undefined,
  ]);
  requests.clear();
  expect(requests.epochOf("a")).toBeUndefined();
});

test("the oldest are forgotten when there are too many", () => {
  const requests = new RecentRequests(2);
  requests.add(["a", "b"], epoch(1));
  requests.add(["c"], epoch(2));
  expect([requests.epochOf("a"), requests.epochOf("b"), requests.epochOf("c")]).toEqual([
    undefined,
    1,
    2,
  ]);
});
