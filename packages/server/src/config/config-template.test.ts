import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Ajv2020 } from "ajv/dist/2020.js"
import { expect, test } from "vitest"
import { parse } from "yaml"
import { configJsonSchema } from "./config-json-schema.js"
import { configTemplate } from "./config-template.js"
import { parseConfig } from "./read-config.js"

const options = { file: "evertoken.yaml", baseDirectory: "/etc/evertoken" }
const withExamples = configTemplate.replace(/^#(?=\S| {2})/gm, "")

test("the template is a configuration as it stands", () => {
  const { tokens, listen, stores } = parseConfig(configTemplate, options)
  expect(Object.keys(tokens)).toEqual(["billing"])
  expect({ listen, stores }).toEqual({ listen: {}, stores: {} })
})

test("the template is a configuration with each of its examples", () => {
  const { tokens, stores } = parseConfig(withExamples, options)
  const grants = new Set(Object.values(tokens).map(({ grant }) => grant))
  expect([...grants].sort()).toEqual([
    "authorization_code",
    "client_credentials",
    "device_code",
    "jwt_bearer",
    "refresh_token",
    "token_exchange",
  ])
  expect(Object.keys(stores)).toEqual(["fleet", "database", "shared"])
})

test("the README's example is a configuration", async () => {
  const readme = await readFile(join(import.meta.dirname, "../../README.md"), "utf8")
  const [, example = ""] = /```yaml\n(.*?)```/s.exec(readme) ?? []
  expect(Object.keys(parseConfig(example, options).tokens)).toEqual(["billing", "mail"])
})

test("what examples/server adds to a configuration can be added", async () => {
  const readme = await readFile(join(import.meta.dirname, "../../../../examples/server/README.md"), "utf8")
  const [, addition = ""] = /```yaml\n(.*?)```/s.exec(readme) ?? []
  const { listen, stateDirectory } = parseConfig(`${configTemplate}\n${addition}`, options)
  expect([listen.socket, stateDirectory]).toEqual(["/run/evertoken/evertoken.sock", "/var/lib/evertoken"])
})

test("each option there is stands in the template, under what it belongs to", () => {
  const shown = new Set(pathsIn(parse(withExamples)))
  // a token's own policy is told by that of all
  const options = new Set(
    pathsOf(configJsonSchema()).map((path) => path.replace(/^\.tokens\.\*\.policy\./, ".policy.")),
  )
  const missing = [...options].filter((path) => !shown.has(path))
  expect(missing).toEqual([".$schema"])
})

test("the template begins with where editors find the schema, and passes it, with its examples, too", () => {
  expect(configTemplate).toMatch(/^# yaml-language-server: \$schema=https:\S+\/evertoken\.schema\.json\n/)
  const isValid = new Ajv2020({ strict: true, formats: { uri: true } }).compile(configJsonSchema())
  for (const text of [configTemplate, withExamples])
    expect(isValid(parse(text)), JSON.stringify(isValid.errors)).toBe(true)
})

const BY_NAMES = [".tokens", ".stores", ".tokens.*.parameters"]

/** All paths of options; whatever the names of tokens, stores and parameters are, they count as one. */
function pathsIn(value: unknown, path = ""): readonly string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [path]
  const below = Object.entries(value).flatMap(([key, member]) =>
    pathsIn(member, BY_NAMES.includes(path) ? `${path}.*` : `${path}.${key}`),
  )
  return path === "" ? below : [path, ...below]
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | false
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
}

function pathsOf(schema: object, path = ""): readonly string[] {
  const { properties = {}, additionalProperties = false, anyOf = [], oneOf = [] } = schema as Schema
  return [
    ...(path === "" ? [] : [path]),
    ...Object.entries(properties).flatMap(([key, member]) => pathsOf(member, `${path}.${key}`)),
    ...(additionalProperties === false ? [] : pathsOf(additionalProperties, `${path}.*`)),
    ...[...anyOf, ...oneOf].flatMap((branch) => pathsOf(branch, path)),
  ]
}
