import { expect, test } from "vitest"
import { RequestDurations } from "./request-durations.js"

const NAME = "evertoken_http_request_duration_seconds"
const GET = { route: "/tokens/:name", method: "GET", status: 200 }

test("each request is counted in the buckets of all bounds that it took no longer than", () => {
  const durations = new RequestDurations()
  for (const seconds of [0.005, 0.006, 0.5, 11]) durations.observe(GET, seconds)
  const labels = 'route="/tokens/:name",method="GET",status="200"'
  const upTo = { 0.005: 1, 0.01: 2, 0.025: 2, 0.05: 2, 0.1: 2, 0.25: 2, 0.5: 3, 1: 3, 2.5: 3, 5: 3, 10: 3, "+Inf": 4 }
  expect(new Set(durations.text().split("\n"))).toEqual(
    new Set([
      `# HELP ${NAME} How long requests took; those that wait for something, too.`,
      `# TYPE ${NAME} histogram`,
      ...Object.entries(upTo).map(([bound, count]) => `${NAME}_bucket{le="${bound}",${labels}} ${count}`),
      `${NAME}_sum{${labels}} 11.511`,
      `${NAME}_count{${labels}} 4`,
      "",
    ]),
  )
})

test("routes, methods and statuses are counted apart", () => {
  const durations = new RequestDurations()
  for (const other of [{ route: "/health" }, { method: "PUT" }, { status: 304 }, {}, {}]) {
    durations.observe({ ...GET, ...other }, 1)
  }
  expect(
    durations
      .text()
      .match(/(?<=_count).*/g)
      ?.toSorted(),
  ).toEqual([
    '{route="/health",method="GET",status="200"} 1',
    '{route="/tokens/:name",method="GET",status="200"} 2',
    '{route="/tokens/:name",method="GET",status="304"} 1',
    '{route="/tokens/:name",method="PUT",status="200"} 1',
  ])
})
