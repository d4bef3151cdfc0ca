import { expect, test } from "vitest"
import { configChanges } from "./config-changes.js"
import { parseConfig } from "./read-config.js"

const NOTHING = { added: [], removed: [], changed: [], needRestart: [] }

function configOf(text: string) {
  return parseConfig(text, { file: "evertoken.yaml", baseDirectory: "/etc/evertoken" })
}

function token(name: string, fields = "issuer: https://a/, client: { id: a, secret: env:S }"): string {
  return `  ${name}: { grant: client_credentials, ${fields} }\n`
}

function changes(before: string, after: string) {
  return configChanges(configOf(before), configOf(after))
}

test("names added, removed and changed are told, in their order", () => {
  const before = `tokens:\n${token("d")}${token("b")}${token("a")}`
  const after = `tokens:\n${token("e")}${token("c")}${token("b")}${token("a", "issuer: https://b/, client: { id: a, secret: env:S }")}`
  expect(changes(before, after)).toEqual({ ...NOTHING, added: ["c", "e"], removed: ["d"], changed: ["a"] })
})

test("the order of keys, and how the same is written, is no change", () => {
  const before = `tokens:\n${token("a", "client: { id: a, secret: env:S }, issuer: https://a/, store: file, policy: { refreshLead: 60s }")}`
  const after = `tokens:\n${token("a", "issuer: https://a/, client: { secret: env:S, id: a }, policy: { refreshLead: 1m }")}`
  expect(changes(before, after)).toEqual(NOTHING)
})

test("another reference to a secret is a change, and so is another literal", () => {
  for (const [one, other] of [
    ["env:S", "env:T"],
    ["file:s", "file:t"],
    ["hunter2", "hunter3"],
  ]) {
    const text = (secret = "") =>
      `allowLiteralSecrets: true\ntokens:\n${token("a", `issuer: https://a/, client: { id: a, secret: ${secret} }`)}`
    expect(changes(text(one), text(other)).changed).toEqual(["a"])
    expect(changes(text(one), text(one)).changed).toEqual([])
  }
})

test("a token has changed if its store has, or what the policy says for all, where it does not say otherwise", () => {
  const tokens = `tokens:\n${token("a", "issuer: https://a/, client: { id: a, secret: env:S }, store: s")}${token("b")}`
  const store = (path: string) => `stores: { s: { file: ${path} } }\n${tokens}`
  expect(changes(store("x"), store("y"))).toEqual({ ...NOTHING, changed: ["a"] })
  const own = token("c", "issuer: https://a/, client: { id: a, secret: env:S }, policy: { freshness: 0.5 }")
  const policy = (freshness: string) => `policy: { freshness: ${freshness} }\ntokens:\n${token("b")}${own}`
  expect(changes(policy("0.6"), policy("0.7"))).toEqual({ ...NOTHING, changed: ["b"] })
})

test("what needs a restart is said in words", () => {
  const before = "tokens: {}\n"
  const after = `${before}listen: { socket: s }\nstateDirectory: d\nencryption: { keys: [env:K] }\n`
  expect(changes(before, after).needRestart).toEqual([
    expect.stringContaining("(listen) has changed: restart it"),
    expect.stringContaining("(stateDirectory) has changed: restart"),
    expect.stringContaining("(encryption) has changed: restart"),
  ])
  expect(changes(after, after)).toEqual(NOTHING)
})
