/** Commands that the pages print, and the tests that run them. */
export const RUN_BY: Readonly<Record<string, string>> = {
  "npm ci && npm start": "examples/demo/expected.txt",
  "npm ci && npm test": ".ci/run",
  "npm start": "examples/demo/expected.txt",
  "npm run simulate -- --instances 10000 --lifetime 1h --jitter 5m --duration 8h --svg docs/fleet.svg":
    "test/readme/fleet.test.ts",
  "npm run simulate -- --instances 1000 --start 45m --duration 6h --outage 20m": "test/readme/fleet.test.ts",
  "npm run conformance": "test/conformance/conformance.test.ts",
  'npm run conformance -- --store file --only "expires_in"': "test/conformance/runner.test.ts",
  "npm run conformance -- --scenarios ./my-scenarios": "test/conformance/runner.test.ts",
  "npm run conformance -- --help": "test/conformance/runner.test.ts",
  "npm run model": "test/model/model.test.ts",
  "npm run model -- --help": "test/tool-options.test.ts",
  "npm install evertoken": "test/tarballs/consumer.test.ts",
  "npm install @evertoken/session evertoken": "test/tarballs/consumer.test.ts",
  "evertoken init": "packages/server/src/command/program.test.ts",
  "evertoken doctor": "packages/server/src/command/doctor.test.ts",
  "evertoken serve": "test/readme/any-language.test.ts",
  "evertoken get billing": "test/readme/any-language.test.ts",
}

/** The test that runs a command; undefined: none does. */
export function testOf(command: string): string | undefined {
  const [, example] = /^(?:node --import tsx|npx tsx) (examples\/[a-z-]+)\/main\.ts$/.exec(command) ?? []
  return example === undefined ? RUN_BY[command] : `${example}/expected.txt`
}

/** Pages whose commands are run as they stand there, all of them. */
export const RUN_AS_A_WHOLE: Readonly<Record<string, string>> = {
  "docs/any-language.md": "test/readme/any-language.test.ts",
}

/** What no test runs, and why, by how it begins. */
export const NOT_RUN: Readonly<Record<string, string>> = {
  "npm start -- --help": "tells of the demo, which is run",
  "npm run chaos -- --kills 2000": "takes most of an hour: chaos.test.ts runs a short one",
  "npm run chaos:server -- --restarts 500": "takes most of an hour: restarts.test.ts runs a short one",
  "npm run chaos:session -- --kills 120": "takes many minutes: session/chaos.test.ts runs a short one",
  "npm run model -- --suite readings --traces": "prints each trace: model.test.ts looks for them all",
  "npm run model -- --suite mended,extended": "takes minutes and much memory: the suite quick is run",
  "npm install --global @evertoken/server": "changes the machine: test/tarballs installs the packed files elsewhere",
  "install -": "changes the machine: for the root of one with systemd",
  "evertoken init /etc/": "changes the machine: for the root of one with systemd",
  "systemctl ": "changes the machine: for the root of one with systemd",
  "docker ": "needs a Docker daemon",
  "git config --global": "changes the configuration of who runs it: git-credential.test.ts runs a git of its own",
  "kubectl ": "needs a cluster: kube-credential.test.ts plays the part of kubectl",
  "evertoken get billing --curl |":
    "docs/any-language.md has the same with the options that a script needs, and that is run",
}
