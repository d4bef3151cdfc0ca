import { execFile, spawnSync } from "node:child_process"
import { once } from "node:events"
import { writeFile } from "node:fs/promises"
import { createServer } from "node:https"
import { join } from "node:path"
import { promisify } from "node:util"
import { fileURLToPath } from "node:url"
import { afterEach, expect, test, vi } from "vitest"
import { certificateFor } from "../testing/certificate.js"
import { commandUnderTest } from "../testing/command-under-test.js"

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url))
const hasKubectl = spawnSync("kubectl", ["version", "--client"]).status === 0

afterEach(() => void vi.unstubAllEnvs())

test.each([
  { info: undefined, apiVersion: "client.authentication.k8s.io/v1" },
  { info: "v1", apiVersion: "client.authentication.k8s.io/v1" },
  { info: "v1beta1", apiVersion: "client.authentication.k8s.io/v1beta1" },
])("an ExecCredential is of the version that is asked for: $info", async ({ info, apiVersion }) => {
  await using at = await commandUnderTest(false)
  const kind = "ExecCredential"
  vi.stubEnv("KUBERNETES_EXEC_INFO", info && JSON.stringify({ kind, apiVersion, spec: { interactive: false } }))
  const { code, out, err } = await at.run(["kube-credential", "billing"])
  expect([code, err]).toEqual([0, ""])
  const expirationTimestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string
  expect(JSON.parse(out)).toEqual({ apiVersion, kind, status: { token: "canary-access-1", expirationTimestamp } })
})

test.each(["{", "[]", '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v2"}'])(
  "what is not understood is exit code 2, and no token is asked for: %s",
  async (info) => {
    await using at = await commandUnderTest(false)
    vi.stubEnv("KUBERNETES_EXEC_INFO", info)
    const { code, out, err } = await at.run(["kube-credential", "billing"])
    expect([code, out]).toEqual([2, ""])
    expect(err).toContain("The kubeconfig must say apiVersion: client.authentication.k8s.io/v1")
    expect(at.issuer.asked).toBe(0)
  },
)

test.skipIf(!hasKubectl)(
  "kubectl itself asks a cluster with it",
  async () => {
    await using at = await commandUnderTest(false)
    const tls = await certificateFor([{ type: "ip", value: "127.0.0.1" }])
    const seen: (string | undefined)[] = []
    const cluster = createServer(tls, ({ headers }, response) => {
      seen.push(headers.authorization)
      response.setHeader("content-type", "application/json").end('{"major":"1"}')
    })
    cluster.listen(0, "127.0.0.1")
    await once(cluster, "listening")
    try {
      const address = cluster.address()
      const port = typeof address === "object" ? address?.port : undefined
      const exec = {
        apiVersion: "client.authentication.k8s.io/v1",
        command: process.execPath,
        args: ["--import", "tsx", MAIN, "kube-credential", "billing", "--config", at.place.file],
        interactiveMode: "Never",
      }
      const file = join(at.place.directory, "kubeconfig")
      const certificate = Buffer.from(tls.cert).toString("base64")
      const kubeconfig = {
        ...{ apiVersion: "v1", kind: "Config", "current-context": "c" },
        contexts: [{ name: "c", context: { cluster: "c", user: "me" } }],
        clusters: [
          { name: "c", cluster: { server: `https://127.0.0.1:${port}`, "certificate-authority-data": certificate } },
        ],
        users: [{ name: "me", user: { exec } }],
      }
      await writeFile(file, JSON.stringify(kubeconfig), { mode: 0o600 })
      const { stdout } = await promisify(execFile)("kubectl", ["--kubeconfig", file, "get", "--raw", "/version"])
      expect(stdout).toContain('"major":"1"')
      expect(new Set(seen)).toEqual(new Set(["Bearer canary-access-1"]))
    } finally {
      cluster.closeAllConnections()
      cluster.close()
    }
  },
  120_000,
)
