/** Commands that the pages print, and the tests that run them. */
export const RUN_BY: Readonly<Record<string, string>> = {
  "npm ci && npm start": "examples/demo/expected.txt",
  "npm ci && npm test": ".ci/run",
  "npx tsx examples/web-app/main.ts": "examples/web-app/expected.txt",
  "npx tsx examples/web-frameworks/main.ts": "examples/web-frameworks/expected.txt",
  "npm run simulate -- --instances 1000 --start 45m --duration 6h --outage 20m": "test/readme/commands.test.ts",
  "npm run conformance": "test/conformance/conformance.test.ts",
  'npm run conformance -- --store file --only "nearly expired"': "test/conformance/runner.test.ts",
  "npm run conformance -- --scenarios ./my-scenarios": "test/conformance/runner.test.ts",
  "npm run conformance -- --help": "test/conformance/runner.test.ts",
  "npm install evertoken": "test/packaging/packed-files.test.ts",
  "npm install @evertoken/session evertoken": "test/packaging/session.test.ts",
  "evertoken init": "packages/server/src/config/config-template.test.ts",
  "evertoken doctor": "packages/server/src/command/doctor.test.ts",
  "evertoken serve": "test/readme/any-language.test.ts",
  "evertoken get billing": "test/readme/any-language.test.ts",
}

/** Pages whose commands are run as they stand there, all of them. */
export const RUN_AS_A_WHOLE: Readonly<Record<string, string>> = {
  "docs/any-language.md": "test/readme/any-language.test.ts",
}

/** What no test runs, and why, by how it begins. */
export const NOT_RUN: Readonly<Record<string, string>> = {
  "npm run simulate -- --instances 10000": "takes minutes: the smaller one is run",
  "npm install --global @evertoken/server": "changes the machine: test/packaging installs the packed files elsewhere",
  "install -": "changes the machine: for the root of one with systemd",
  "evertoken init /etc/": "changes the machine: for the root of one with systemd",
  "systemctl ": "changes the machine: for the root of one with systemd",
  "docker ": "needs a Docker daemon",
  "git config --global": "changes the configuration of who runs it: git-credential.test.ts runs a git of its own",
  "kubectl ": "needs a cluster: kube-credential.test.ts plays the part of kubectl",
  "evertoken get billing --curl |":
    "docs/any-language.md has the same with the options that a script needs, and that is run",
}
