import { assertClock, type Clock } from "../clock.js"
import { assertTextOrFile, type TextOrFile } from "../credential-texts.js"
import { ErrorBackoff, type ErrorBackoffOptions } from "../error-backoff.js"
import { assertMilliseconds, LONGEST_TIMER_MS } from "../milliseconds.js"
import { assertOptions, type OptionNames } from "../options-object.js"
import { pathOf } from "../path-option.js"
import { assertRandom, type Random } from "../random.js"
import { isSecureUrl } from "../secure-url.js"
import { shownValue } from "../shown-value.js"

/** How to reach the token server. Checked when it is constructed, never changed. */
export interface ServerTokenSourceOptions {
  /** The server's Unix socket (`listen.socket`), relative to the working directory at this moment, or its named pipe. */
  readonly socketPath?: string | undefined
  /** Instead of a socket, where it listens on TCP: `https`, or `http` to this very machine, such as `http://127.0.0.1:7070`. */
  readonly url?: string | undefined
  /** For `url`: the server's API key, or the file in which it stands, read anew for each request. */
  readonly apiKey?: TextOrFile | undefined
  /** For `url`: the certificates, in PEM, to trust instead of those that Node.js trusts; or their file. */
  readonly certificateAuthority?: TextOrFile | undefined
  /** How long one answer may take, in milliseconds; the server may have to ask the issuer for it. Default 15,000. */
  readonly requestTimeoutMs?: number | undefined
  /** How `changes()` comes back to a server that is away. Default: up to 250 ms at first, up to 10 s later. */
  readonly backoff?: ErrorBackoffOptions | undefined
  readonly clock?: Clock | undefined
  readonly random?: Random | undefined
}

const NAMES: OptionNames<ServerTokenSourceOptions> = {
  socketPath: true,
  url: true,
  apiKey: true,
  certificateAuthority: true,
  requestTimeoutMs: true,
  backoff: true,
  clock: true,
  random: true,
}
const BACKOFF = { initialMs: 250, minimumMs: 50, maximumMs: 10_000 }
const NAMED_PIPE = /^\\\\[.?]\\pipe\\/i

/** Where a server is. */
export interface ServerPlace {
  /** As a URL has it; over a socket it means nothing. */
  readonly origin: string
  readonly socketPath: string | undefined
}

/** @throws TypeError naming the option, and showing nothing of the key. */
export function assertServerOptions(options: ServerTokenSourceOptions): void {
  assertOptions("ServerTokenSource", options, NAMES)
  const { apiKey, certificateAuthority, requestTimeoutMs, clock, random } = options
  const { socketPath } = serverPlaceOf(options)
  if (socketPath === undefined) {
    assertTextOrFile("apiKey", apiKey)
    if (certificateAuthority !== undefined) assertTextOrFile("certificateAuthority", certificateAuthority)
  } else {
    for (const name of ["apiKey", "certificateAuthority"] as const) {
      if (options[name] !== undefined) throw new TypeError(`${name} is for a server at a url: a socket needs none`)
    }
  }
  assertMilliseconds("requestTimeoutMs", requestTimeoutMs, { least: 1, most: LONGEST_TIMER_MS / 2 })
  backoffOf(options)
  if (clock !== undefined) assertClock(clock)
  if (random !== undefined) assertRandom(random)
}

/** @throws TypeError naming the option. */
export function serverPlaceOf({ socketPath, url }: ServerTokenSourceOptions): ServerPlace {
  if ((socketPath === undefined) === (url === undefined)) {
    throw new TypeError("socketPath or url must say where the server is, and not both")
  }
  if (url !== undefined) return { origin: originOf(url), socketPath: undefined }
  const isPipe = typeof socketPath === "string" && NAMED_PIPE.test(socketPath)
  const path = isPipe ? socketPath : pathOf(socketPath, "socketPath must be the path of a socket")
  return { origin: "http://localhost", socketPath: path }
}

/** @throws TypeError naming the option. */
export function backoffOf({ backoff = BACKOFF }: ServerTokenSourceOptions): ErrorBackoff {
  return new ErrorBackoff(backoff)
}

function originOf(url: unknown): string {
  const demand = "url must be the server's: https, or http to this machine, without a path"
  if (typeof url !== "string" || !URL.canParse(url)) throw new TypeError(`${demand}; got ${shownValue(url)}`)
  const parsed = new URL(url)
  const { username, password, pathname, search, hash } = parsed
  // what is not shown may be a password
  if (!isSecureUrl(parsed) || username + password + search + hash !== "" || pathname !== "/")
    throw new TypeError(demand)
  return parsed.origin
}
