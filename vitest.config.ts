import { defineConfig } from "vitest/config";

// CI reads the JSON result to print its closing line (.ci/run); a person reads the default one.
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    // By default one core stays idle, which is half of the smallest machine that this must be quick on.
    maxWorkers: "100%",
    reporters: process.env.CI
      ? ["default", ["json", { outputFile: ".ci/out/vitest.json" }]]
      : ["default"],
  },
});
