import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { CANARY } from "../secrets/canary.js"
import { ServerPlace, ServerProcess } from "../server/server-process.js"
import { freePort } from "../servers/free-port.js"

const API_KEY = `${CANARY}api-key-0123456789`

/** A token server that a browser finds, whichever process it is just now. */
export class ServedDashboard implements AsyncDisposable {
  readonly apiKey = API_KEY
  readonly url: string
  readonly #place: ServerPlace
  #process: ServerProcess

  private constructor(url: string, place: ServerPlace, process: ServerProcess) {
    this.url = url
    this.#place = place
    this.#process = process
  }

  /**
   * @param tokens As the configuration has them.
   * @param clientSecret What `file:client.secret` refers to.
   */
  static async start(tokens: object, clientSecret = "none"): Promise<ServedDashboard> {
    const port = await freePort()
    const place = await ServerPlace.make({ tokens, listen: { tcp: { port, apiKey: "file:api.key" } } })
    await writeFile(join(place.directory, "client.secret"), clientSecret, { mode: 0o600 })
    await writeFile(join(place.directory, "api.key"), API_KEY, { mode: 0o600 })
    return new ServedDashboard(`http://127.0.0.1:${port}/`, place, await ServerProcess.started(place))
  }

  /** As a crash would. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL")
    await this.#process.exit
  }

  async run(): Promise<void> {
    this.#process = await ServerProcess.started(this.#place)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await this.#place[Symbol.asyncDispose]()
  }
}
