const NAME = "evertoken_http_request_duration_seconds"
const HELP = "How long requests took; those that wait for something, too."
// seconds
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, Infinity]

interface RequestLabels {
  readonly route: string
  readonly method: string
  readonly status: number
}

interface Durations {
  /** How many took no longer than each bound, but longer than the one before it. */
  readonly buckets: number[]
  sum: number
}

/**
 * A histogram as Prometheus reads it. That of prom-client puts its labels together anew at each request: a tenth of the
 * time in which a token is handed out.
 */
export class RequestDurations {
  readonly #routes = new Map<string, Map<string, Map<number, Durations>>>()

  observe({ route, method, status }: RequestLabels, seconds: number): void {
    const methods = memberOf(this.#routes, route, () => new Map<string, Map<number, Durations>>())
    const statuses = memberOf(methods, method, () => new Map<number, Durations>())
    const durations = memberOf(statuses, status, () => ({ buckets: BOUNDS.map(() => 0), sum: 0 }))
    let bucket = 0
    while (seconds > (BOUNDS[bucket] ?? Infinity)) bucket += 1
    durations.buckets[bucket] = (durations.buckets[bucket] ?? 0) + 1
    durations.sum += seconds
  }

  /** In the text format of Prometheus. */
  text(): string {
    const lines = [`# HELP ${NAME} ${HELP}`, `# TYPE ${NAME} histogram`]
    for (const [route, methods] of this.#routes) {
      for (const [method, statuses] of methods) {
        for (const [status, durations] of statuses) {
          lines.push(...linesOf(`route="${route}",method="${method}",status="${status}"`, durations))
        }
      }
    }
    return `${lines.join("\n")}\n`
  }
}

function linesOf(labels: string, { buckets, sum }: Durations): readonly string[] {
  let count = 0
  const upTo = buckets.map((more, bucket) => {
    count += more
    const bound = BOUNDS[bucket] === Infinity ? "+Inf" : BOUNDS[bucket]
    return `${NAME}_bucket{le="${bound}",${labels}} ${count}`
  })
  return [...upTo, `${NAME}_sum{${labels}} ${sum}`, `${NAME}_count{${labels}} ${count}`]
}

function memberOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const there = map.get(key)
  if (there !== undefined) return there
  const made = make()
  map.set(key, made)
  return made
}
