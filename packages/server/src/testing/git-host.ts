import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { buffer } from "node:stream/consumers"

/** A host of repositories, by git's own program, that lets in whoever has this password. */
export class GitHost implements AsyncDisposable {
  /** As `user:password`; of each request that had one. */
  readonly seen: string[] = []
  password = ""
  readonly #server: Server

  private constructor(root: string) {
    this.#server = createServer((request, response) => void this.#answer(root, request, response))
  }

  static async start(root: string): Promise<GitHost> {
    const host = new GitHost(root)
    host.#server.listen(0, "127.0.0.1")
    await once(host.#server, "listening")
    return host
  }

  get host(): string {
    const address = this.#server.address()
    if (typeof address !== "object" || address === null) throw new Error("the host does not listen")
    return `127.0.0.1:${address.port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, "close")
  }

  async #answer(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { authorization } = request.headers
    const given = Buffer.from(authorization?.replace(/^Basic /, "") ?? "", "base64").toString()
    if (authorization !== undefined) this.seen.push(given)
    if (given.slice(given.indexOf(":") + 1) !== this.password || authorization === undefined) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end()
      return
    }
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost")
    const backend = spawn("git", ["http-backend"], {
      stdio: ["pipe", "pipe", "inherit"],
      env: {
        ...process.env,
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: "1",
        PATH_INFO: pathname,
        QUERY_STRING: String(searchParams),
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers["content-type"] ?? "",
        HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
        REMOTE_USER: "somebody",
      },
    })
    request.pipe(backend.stdin)
    const answer = await buffer(backend.stdout)
    const end = answer.indexOf("\r\n\r\n")
    const headers = answer.subarray(0, end).toString().split("\r\n")
    for (const [name = "", value = ""] of headers.map((line) => line.split(": "))) {
      if (name === "Status") response.statusCode = Number.parseInt(value, 10)
      else response.setHeader(name, value)
    }
    response.end(answer.subarray(end + 4))
  }
}
