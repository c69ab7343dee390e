/** The controller's settings: each takes effect at once, in whichever process is the controller. */
import { defineConfig } from "../cluster/runtime/config.ts";
import { boolean, choice, duration, integer, ratio } from "../cluster/runtime/config-value.ts";

export const controllerConfig = defineConfig({
  heartbeatGrace: duration({
    about: "How long an OSD is silent to a peer before that counts as a report of its failure.",
    default: "5s",
    min: "1s",
    max: "10m",
    runtime: true,
  }),
  heartbeatGraceMax: duration({
    about: "The most that the grace grows to for an OSD that was wrongly reported.",
    default: "20s",
    min: "1s",
    max: "10m",
    runtime: true,
  }),
  absenceInterval: duration({
    about: "How long an OSD is without a session before that alone marks it down.",
    default: "60s",
    min: "5s",
    max: "1h",
    runtime: true,
  }),
  downOutInterval: duration({
    about: "How long an OSD is down before its data is moved elsewhere; 0s for never.",
    default: "10m",
    min: "0s",
    max: "7d",
    runtime: true,
  }),
  minInRatio: ratio({
    about: "No OSD is marked out by itself if fewer than this share of all would be left in.",
    default: 0.75,
    runtime: true,
  }),
  downOutSubtreeLimit: choice({
    of: ["none", "host", "rack", "row", "room", "datacenter"],
    about: "OSDs are not marked out by themselves while all of a bucket of this type is down.",
    default: "rack",
    runtime: true,
  }),
  markdownCountMax: integer({
    about: "An OSD that went down more often within the markdown period has to wait to come back.",
    default: 5,
    min: 1,
    max: 1_000,
    runtime: true,
  }),
  markdownPeriod: duration({
    about: "The time over which the times that an OSD went down are counted.",
    default: "10m",
    min: "1s",
    max: "1d",
    runtime: true,
  }),
  crushUpdateOnStart: boolean({
    about: "A booting OSD is put under the host that it runs on.",
    default: true,
    runtime: true,
  }),
  balancer: choice({
    of: ["on", "off"],
    about: "Whether the placement groups of OSDs are evened out by upmaps.",
    default: "on",
    runtime: true,
  }),
  balancerInterval: duration({
    about: "How often the balancer looks.",
    default: "60s",
    min: "1s",
    max: "1d",
    runtime: true,
  }),
  maxMisplacedRatio: ratio({
    about: "The balancer waits while more than this share of all copies is not where it belongs.",
    default: 0.05,
    runtime: true,
  }),
  poolDefaultSize: integer({
    about: "The number of copies in a pool that is created without a size.",
    default: 3,
    min: 1,
    max: 64,
    runtime: true,
  }),
  poolDeleteAllowed: boolean({
    about: "Whether pools can be deleted at all.",
    default: false,
    runtime: true,
  }),
  pgsPerOsdMax: integer({
    about: "No pool is created that would give OSDs more placement groups than this on average.",
    default: 250,
    min: 1,
    max: 100_000,
    runtime: true,
  }),
  epochsKept: integer({
    about: "The number of epochs whose history is kept, whether OSDs still need it or not.",
    default: 500,
    min: 1,
    max: 1_000_000,
    runtime: true,
  }),
});
