import { expect, test } from "vitest"
import { Scene } from "./scene.js"

test("16 processes started at once on an empty file make 1 issuer request, and 1 again at the next renewal", async () => {
  await using scene = await Scene.set()
  const workers = await scene.clients(16)

  const first = await Promise.all(workers.map((worker) => worker.call("getToken")))
  expect(new Set(first.map(({ hash }) => hash)).size).toBe(1)
  expect(scene.issuer.requests.total).toBe(1)

  const next = await Promise.all(workers.map((worker) => worker.call("renew")))
  expect(new Set(next.map(({ hash }) => hash)).size).toBe(1)
  expect(next[0]?.hash).not.toBe(first[0]?.hash)
  expect(scene.issuer.requests.total).toBe(2)
})

test("8 processes rotate one refresh token 200 times: each is presented once, no family is revoked", async () => {
  await using scene = await Scene.set()
  const workers = await scene.rotating(8, await scene.issuer.issueRefreshToken())
  await Promise.all(workers.map((worker) => worker.call("getToken")))

  for (let rotation = 2; rotation <= 200; rotation++) {
    const seen = await Promise.all(workers.map((worker) => worker.call("renew")))
    expect(seen.map(({ generation }) => generation)).toEqual(Array(8).fill(rotation))
  }
  expect(scene.issuer.presentations.filter(({ use }) => use !== "first")).toEqual([])
  expect(scene.issuer.presentations).toHaveLength(200)
  expect(scene.issuer.revokedFamilies).toBe(0)
})
