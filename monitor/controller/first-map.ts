/** What a new cluster begins with: a root to put hosts under, and a rule for replicas on different hosts, as in Ceph. */
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { addRule } from "../../crush/rule-builder.ts";
import { ROOT, withRoot } from "./crush-home.ts";
import { type Edit, edit } from "./edit.ts";

const RULE = "replicated_rule";

export function firstMap(draft: OsdMap): Edit {
  const crush = addRule(withRoot(draft.crush), {
    name: RULE,
    root: ROOT,
    failureDomain: "host",
    type: "replicated",
  });
  return edit({ ...draft, crush }, "begin the cluster");
}
