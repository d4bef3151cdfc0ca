import type { Clock } from "evertoken"
import type { Logger } from "pino"
import type { TokenRegistry } from "../tokens/token-registry.js"
import type { EventFeed } from "./event-feed.js"
import type { ExpiringSecrets } from "./expiring-secrets.js"
import type { Listeners } from "./listeners.js"
import type { LongPolls } from "./long-polls.js"
import type { Metrics } from "./metrics.js"

/** What the routes of one server share. */
export interface ServerContext {
  readonly registry: TokenRegistry
  readonly clock: Clock
  readonly log: Logger
  readonly listeners: Listeners
  readonly polls: LongPolls
  readonly feed: EventFeed
  readonly metrics: Metrics
  /** Of the dashboard. */
  readonly sessions: ExpiringSecrets
  /** Each opens one session. */
  readonly sessionCodes: ExpiringSecrets
}
