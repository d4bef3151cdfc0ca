import swagger from "@fastify/swagger"
import { systemClock, type Clock } from "evertoken"
import { fastify, type FastifyInstance } from "fastify"
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from "fastify-type-provider-zod"
import { pino, type Logger } from "pino"
import { dashboardRoutes } from "../dashboard/dashboard-routes.js"
import type { TokenRegistry } from "../tokens/token-registry.js"
import { ApiKey } from "./api-key.js"
import { EventFeed } from "./event-feed.js"
import { eventRoutes } from "./event-routes.js"
import { ExpiringSecrets } from "./expiring-secrets.js"
import { guard } from "./guard.js"
import { healthRoutes } from "./health-routes.js"
import { Listeners } from "./listeners.js"
import { LongPolls } from "./long-polls.js"
import { Metrics } from "./metrics.js"
import { oneTokenRoutes } from "./one-token-routes.js"
import { answerProblem, answerProblems } from "./problem-answers.js"
import type { ServerContext } from "./server-context.js"
import { sessionRoutes } from "./session-routes.js"
import { signInRoutes } from "./sign-in-routes.js"
import { tokenRoutes } from "./token-routes.js"

export interface BuildServerOptions {
  /** Of clients over TCP. Without it none is let in. */
  readonly apiKey?: string | undefined
  readonly clock?: Clock | undefined
  /** Default: nothing is logged. */
  readonly log?: Logger | undefined
}

declare module "fastify" {
  interface FastifyInstance {
    /** What `listenOnSocket` and its like listen with; closed with the application. */
    readonly listeners: Listeners
  }
}

const BODY_LIMIT = 64 * 1024
const MINUTE_MS = 60_000
const CODES = { lifetimeMs: 5 * MINUTE_MS, most: 100 }
const SESSIONS = { lifetimeMs: 12 * 60 * MINUTE_MS, most: 100 }
const TITLE = "evertoken"
const DESCRIPTION = "Holds the grants of a host, keeps every token fresh, and hands them out."

/**
 * The HTTP API over a registry, which stays its owner's. It listens nowhere yet; more routes may be added, and are guarded as these
 * are. Closing it answers all that wait.
 * @throws TypeError if the API key could be guessed.
 */
export function buildServer(registry: TokenRegistry, options: BuildServerOptions = {}): FastifyInstance {
  const { clock = systemClock, log = pino({ level: "silent" }) } = options
  const app = fastify({
    ...{ bodyLimit: BODY_LIMIT, exposeHeadRoutes: false, logger: false },
    frameworkErrors: (error, request, reply) => void answerProblem(context, error, request, reply),
  })
  const apiKey = options.apiKey === undefined ? undefined : new ApiKey(options.apiKey)
  const context: ServerContext = {
    ...{ registry, clock, log },
    listeners: new Listeners({
      handle: (req, res) => app.routing(req, res),
      hasApiKey: apiKey !== undefined,
      clock,
      log,
    }),
    polls: new LongPolls(clock),
    feed: new EventFeed(registry, clock),
    metrics: new Metrics(registry),
    sessions: new ExpiringSecrets({ clock, ...SESSIONS }),
    sessionCodes: new ExpiringSecrets({ clock, ...CODES }),
  }
  app.decorate("listeners", context.listeners)
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.removeContentTypeParser("text/plain")
  guard(app, { apiKey, ...context })
  answerProblems(app, context)
  context.metrics.countRequests(app)
  app.addHook("preClose", () => end(context))
  void app.register(swagger, {
    openapi: { openapi: "3.1.0", info: { title: TITLE, description: DESCRIPTION, version: "1" } },
    transform: jsonSchemaTransform,
  })
  void app.register((routes, _options, done) => {
    addRoutes(routes, context)
    done()
  })
  void app.register(dashboardRoutes)
  return app
}

function addRoutes(app: FastifyInstance, context: ServerContext): void {
  tokenRoutes(app, context)
  signInRoutes(app, context)
  oneTokenRoutes(app, context)
  sessionRoutes(app, context)
  healthRoutes(app, context)
  eventRoutes(app, context)
  app.get("/openapi.json", { schema: { hide: true } }, async () => app.swagger())
}

async function end({ polls, feed, listeners, metrics }: ServerContext): Promise<void> {
  polls.close()
  feed.close()
  await listeners.close()
  metrics[Symbol.dispose]()
}
