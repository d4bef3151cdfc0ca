import { systemClock, type Clock } from "evertoken"
import { createLog } from "../http/log.js"
import { RunningServer } from "../process/running-server.js"
import { LocalIssuer } from "./local-issuer.js"
import { PlaceUnderTest, tokenOf } from "./place-under-test.js"
import { runUnderTest, type TerminalUnderTest } from "./terminal-under-test.js"

/** The command line over two tokens of a local issuer: `billing`, the client's own, and `mail`, for which a person signs in. */
export async function commandUnderTest(withServer: boolean, clock: Clock = systemClock) {
  const issuer = await LocalIssuer.start()
  const place = await PlaceUnderTest.make()
  const tokens = {
    billing: tokenOf(issuer.url),
    mail: tokenOf(issuer.url, { grant: "authorization_code" }),
  }
  await place.write(tokens)
  const server = withServer
    ? await RunningServer.start(place.config(tokens), { log: createLog({ level: "silent" }), clock })
    : undefined
  return {
    ...{ issuer, place, tokens },
    run: ([command = "", ...args]: readonly string[], input?: string | TerminalUnderTest) =>
      runUnderTest([command, "--config", place.file, ...args], typeof input === "string" ? { input } : input),
    [Symbol.asyncDispose]: async () => {
      await server?.close()
      await place[Symbol.asyncDispose]()
      await issuer[Symbol.asyncDispose]()
    },
  }
}
