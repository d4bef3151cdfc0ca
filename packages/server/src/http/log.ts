import { pino, type DestinationStream, type Logger } from "pino"

const SECRET_HEADERS = ["headers.authorization", "headers.cookie", 'headers["set-cookie"]']

/** What the server tells, one JSON object a line. Headers that carry secrets are not shown, should anybody log them. */
export function createLog({ level }: { readonly level: string }, destination?: DestinationStream): Logger {
  const paths = SECRET_HEADERS.flatMap((path) => [path, `*.${path}`])
  const options = { level, redact: { paths, censor: "[redacted]" } }
  return destination === undefined ? pino(options) : pino(options, destination)
}
