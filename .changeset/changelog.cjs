// A line of a changelog is what the change says, and nothing more. A package that changes only because another did says so by
// its version: all three have the same.
module.exports = {
  getReleaseLine: async ({ summary }) => `- ${summary.trim().replaceAll("\n", "\n  ")}`,
  getDependencyReleaseLine: async () => "",
}
