import { readFile } from "node:fs/promises"
import { expect, test } from "vitest"
import { parse } from "yaml"
import { configTemplate } from "../config/config-template.js"
import { serverUnderTest } from "../testing/server-under-test.js"
import { REQUEST_HEADER } from "./guard.js"

async function metricsOf({ app }: Awaited<ReturnType<typeof serverUnderTest>>): Promise<readonly string[]> {
  const answer = await app.inject("/metrics")
  expect(answer.headers["content-type"]).toContain("text/plain")
  return answer.body.split("\n")
}

test("each token has its status, its times, its renewals and its failures", async () => {
  await using server = await serverUnderTest()
  await server.app.inject("/tokens/billing")
  server.issuer.next({ status: 503, body: {} })
  await server.app.inject({ method: "POST", url: "/tokens/billing/refresh" })
  const expiresAt = (server.clock.now() + 3_600_000) / 1_000
  expect(await metricsOf(server)).toEqual(
    expect.arrayContaining([
      'evertoken_token_status{name="billing",status="fresh"} 1',
      'evertoken_token_status{name="billing",status="stale"} 0',
      `evertoken_token_expires_at_seconds{name="billing"} ${expiresAt}`,
      `evertoken_token_stale_at_seconds{name="billing"} ${expiresAt - 900}`,
      expect.stringMatching(/^evertoken_token_next_renewal_at_seconds\{name="billing"\} \d/),
      'evertoken_renewals_total{name="billing"} 1',
      'evertoken_renewal_failures_total{name="billing",code="ERR_TOKEN_RESPONSE"} 1',
      "evertoken_renewal_duration_seconds_count 1",
    ]),
  )
})

test("requests are counted by route, never by what was in the path", async () => {
  await using server = await serverUnderTest()
  for (const url of ["/tokens/canary-1", "/tokens/canary-2", "/canary-3", "/canary-4", "/tokens/billing?x=canary"]) {
    await server.app.inject(url)
  }
  const metrics = await metricsOf(server)
  const counts = metrics.filter((line) => line.startsWith("evertoken_http_request_duration_seconds_count"))
  expect(counts.toSorted()).toEqual([
    'evertoken_http_request_duration_seconds_count{route="/tokens/:name",method="GET",status="400"} 1',
    'evertoken_http_request_duration_seconds_count{route="/tokens/:name",method="GET",status="404"} 2',
    'evertoken_http_request_duration_seconds_count{route="none",method="GET",status="404"} 2',
  ])
  expect(metrics.join("\n")).not.toContain("canary")
})

test("a token that has left the configuration leaves the metrics", async () => {
  await using server = await serverUnderTest()
  await server.app.inject("/tokens/billing")
  await server.registry.apply({})
  expect((await metricsOf(server)).join("\n")).not.toContain("billing")
})

test("two servers of a process have figures of their own", async () => {
  await using one = await serverUnderTest(["billing"])
  await using other = await serverUnderTest(["web"])
  await Promise.all([one.app.inject("/tokens/billing"), other.app.inject("/tokens/web")])
  const metrics = await metricsOf(other)
  expect(metrics.join("\n")).not.toContain("billing")
  expect(metrics).toContain("evertoken_renewal_duration_seconds_count 1")
})

test("what docs/http-api.md has Prometheus send is the header that is asked for, to the port that the examples have", async () => {
  const page = await readFile(new URL("../../../../docs/http-api.md", import.meta.url), "utf8")
  const [, example = ""] = /```yaml\n(.*?)```/s.exec(page) ?? []
  expect(parse(example)).toEqual({
    scrape_configs: [
      {
        job_name: "evertoken",
        authorization: { credentials_file: expect.stringMatching(/^\//) as string },
        http_headers: { [REQUEST_HEADER]: { values: ["1"] } },
        static_configs: [{ targets: [`127.0.0.1:${/^# {4}port: (\d+)$/m.exec(configTemplate)?.[1] ?? ""}`] }],
      },
    ],
  })
})

test("what docs/operating.md alerts on is there", async () => {
  await using server = await serverUnderTest()
  const page = await readFile(new URL("../../../../docs/operating.md", import.meta.url), "utf8")
  const alerts = new Set(page.match(/\bevertoken_[a-z_]+/g))
  const served = (await metricsOf(server)).join("\n")
  expect(alerts.size).toBeGreaterThan(4)
  expect([...alerts].filter((name) => !served.includes(`# TYPE ${name.replace(/_bucket$/, "")} `))).toEqual([])
})
