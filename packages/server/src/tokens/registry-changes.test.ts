import { expect, test } from "vitest"
import { LocalIssuer } from "../testing/local-issuer.js"
import { configOf, registryUnderTest } from "../testing/registry-under-test.js"
import type { RegistryChange } from "./token-registry.js"

test("after a token was replaced, nothing more is told of the one before", async () => {
  await using issuer = await LocalIssuer.start()
  const { registry, clock } = registryUnderTest()
  await registry.apply({ billing: configOf(issuer.url, { grant: "authorization_code" }) })
  const changes: RegistryChange[] = []
  registry.changes$.subscribe((change) => void changes.push(change))
  const before = registry.find("billing")
  await before?.signIn()
  // it ends with the token, a little later
  await registry.apply({ billing: configOf(issuer.url, { grant: "authorization_code", scope: "write" }) })
  await clock.advance(100)
  expect(before?.signInState).toBe("failed")
  expect(changes.at(-1)).toMatchObject({ status: { scope: "write" } })
  await registry.close()
})

test("what is told of a registry ends with it", async () => {
  await using issuer = await LocalIssuer.start()
  const { registry } = registryUnderTest()
  await registry.apply({ billing: configOf(issuer.url) })
  let ended = 0
  registry.changes$.subscribe({ complete: () => void ended++ })
  registry.history.incident$.subscribe({ complete: () => void ended++ })
  await registry.close()
  expect(ended).toBe(2)
})

test("a token is removed by any name, also one that every object has", async () => {
  await using issuer = await LocalIssuer.start()
  const { registry } = registryUnderTest()
  await registry.apply({ constructor: configOf(issuer.url), toString: configOf(issuer.url) })
  expect(registry.all).toHaveLength(2)
  await registry.apply({})
  expect(registry.all).toEqual([])
  await registry.close()
})
