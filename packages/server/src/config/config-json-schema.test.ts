import { join } from "node:path"
import { Ajv2020 } from "ajv/dist/2020.js"
import { expect, test } from "vitest"
import { parse } from "yaml"
import { configJsonSchema } from "./config-json-schema.js"

const PUBLISHED = join(import.meta.dirname, "../../evertoken.schema.json")

test("the schema that is published is that of the configuration: `npx vitest run config-json-schema -u` writes it", async () => {
  await expect(`${JSON.stringify(configJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(PUBLISHED)
})

const isValid = new Ajv2020({ strict: true, formats: { uri: true } }).compile(configJsonSchema())
const client = "client: { id: a, secret: env:S }"

test.each([
  "tokens: {}",
  `tokens: { a: { grant: client_credentials, issuer: "https://a", ${client} } }`,
  `tokens: { a: { grant: refresh_token, issuer: "https://a", ${client}, policy: { refreshLead: 5m } } }`,
  "tokens: {}\nstores: { a: { postgres: env:P, schema: s } }\nlisten: { tcp: { port: 1, apiKey: env:K } }",
])("passes %j", (text) => {
  expect(isValid(parse(text)), JSON.stringify(isValid.errors)).toBe(true)
})

test.each([
  "{}",
  "tokens: { a: {} }",
  `tokens: { a: { grant: client_credential, issuer: "https://a", ${client} } }`,
  `tokens: { a: { grant: client_credentials, issuer: "https://a", ${client}, scopes: x } }`,
  `tokens: { a: { grant: jwt_bearer, issuer: "https://a", ${client} } }`,
  `tokens: { "a b": { grant: client_credentials, issuer: "https://a", ${client} } }`,
  `tokens: { a: { grant: client_credentials, issuer: "https://a", ${client}, policy: { refreshLead: 5 } } }`,
  "tokens: {}\nstores: { a: { redis: env:R, postgres: env:P } }",
  "tokens: {}\nlisten: { tcp: { port: 70000, apiKey: env:K } }",
])("refuses %j", (text) => {
  expect(isValid(parse(text))).toBe(false)
})

test("editors have a description of each option", () => {
  const bare: string[] = []
  JSON.stringify(configJsonSchema(), (key, value: unknown) => {
    for (const [name, option] of key === "properties" ? Object.entries(value as Record<string, object>) : []) {
      if (!("description" in option) && name !== "method") bare.push(name)
    }
    return value
  })
  expect(bare).toEqual([])
})
