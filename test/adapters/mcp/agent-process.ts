import { McpAgent } from "./mcp-agent.js"

const [url = "", directory = ""] = process.argv.slice(2)
const agent = new McpAgent({ url, directory })

process.on("message", (method: "connect" | "greet" | "close") => {
  void agent[method]().then(
    (result) => process.send?.({ result: result ?? null, pages: agent.pages.length }),
    (error: unknown) => process.send?.({ error: String(error), pages: agent.pages.length }),
  )
})
process.on("disconnect", () => process.exit())
process.send?.("ready")
