import { expect, test } from "vitest"
import { serverUnderTest } from "../testing/server-under-test.js"

interface Operation {
  readonly summary?: string
  readonly responses: Record<string, { content?: Record<string, { schema: object }> }>
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
}

async function documentOf() {
  await using server = await serverUnderTest()
  const answer = await server.app.inject("/openapi.json")
  return answer.json<{ openapi: string; paths: Record<string, Record<string, Operation>> }>()
}

test("the document has every route, what it asks and what it answers", async () => {
  const { openapi, paths } = await documentOf()
  expect(openapi).toBe("3.1.0")
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ route: `${method.toUpperCase()} ${path}`, operation })),
  )
  expect(operations.map(({ route }) => route).sort()).toEqual([
    "DELETE /session",
    "DELETE /tokens/{name}",
    "DELETE /tokens/{name}/sign-in",
    "GET /events",
    "GET /healthz",
    "GET /metrics",
    "GET /readyz",
    "GET /session",
    "GET /state",
    "GET /tokens",
    "GET /tokens/{name}",
    "GET /tokens/{name}/history",
    "GET /tokens/{name}/sign-in/outcome",
    "GET /tokens/{name}/status",
    "GET /tokens/{name}/wait",
    "POST /refresh-tokens",
    "POST /session",
    "POST /session-codes",
    "POST /set-tokens",
    "POST /tokens/{name}/refresh",
    "POST /tokens/{name}/sign-in",
    "PUT /tokens/{name}",
  ])
  for (const { operation } of operations) {
    expect(operation.summary).toMatch(/\.$/)
    expect(Object.keys(operation.responses["default"]?.content ?? {})).toEqual(["application/problem+json"])
  }
})

test("the schemas that check are those of the document", async () => {
  const { paths } = await documentOf()
  const { parameters = [], responses } = paths["/tokens/{name}"]?.["get"] ?? { responses: {} }
  expect(parameters.map((parameter) => `${parameter.in} ${parameter.name}`).sort()).toEqual([
    "path name",
    "query min_validity",
  ])
  expect(responses["200"]?.content?.["application/json"]?.schema).toMatchObject({
    required: ["accessToken", "tokenType", "issuedAt", "staleAt", "expiresAt"],
  })
})
