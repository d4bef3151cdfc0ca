import { z } from "zod"
import { addCommand, type CommandContext } from "./add-command.js"
import { CommandError, EXIT } from "./command-error.js"
import type { ConfigOption } from "./configuration.js"
import { lengthOption } from "./length-option.js"
import { waitingFor } from "./waiting-for.js"
import { withTokens } from "./with-tokens.js"

interface KubeCredentialOptions extends ConfigOption {
  readonly minValidity?: number
}

const GROUP = "client.authentication.k8s.io"
const VERSIONS = [`${GROUP}/v1`, `${GROUP}/v1beta1`] as const

/** Kubernetes, "Client authentication (v1)": what kubectl tells the plugin that it runs. */
const execInfo = z.object({ kind: z.literal("ExecCredential"), apiVersion: z.enum(VERSIONS) })

export function addKubeCredentialCommand({ program, terminal }: CommandContext): void {
  addCommand(program, {
    usage: "kube-credential <name>",
    description: "be an exec credential plugin of Kubernetes",
    examples: [
      `kubectl config set-credentials me --exec-api-version=${VERSIONS[0]} --exec-interactive-mode=Never \\`,
      "    --exec-command=evertoken --exec-arg=kube-credential --exec-arg=cluster",
    ],
  })
    .option(
      "--min-validity <time>",
      "renew one that lasts shorter, such as 60s; half of its lifetime at most",
      lengthOption,
    )
    .action((name: string, options: KubeCredentialOptions) => {
      const apiVersion = versionAsked(process.env["KUBERNETES_EXEC_INFO"])
      // kubectl is run in any directory
      return withTokens({ ...options, isForeign: true }, terminal, async (tokens) => {
        const { accessToken, expiresAt } = await waitingFor(
          name,
          tokens.get(name, { minimumValidityMs: options.minValidity }),
          terminal,
        )
        // RFC 3339, to the second: what follows it would be passed over
        const expirationTimestamp = new Date(expiresAt).toISOString().replace(/\.\d+Z$/, "Z")
        const status = { expirationTimestamp, token: accessToken }
        terminal.stdout.write(`${JSON.stringify({ apiVersion, kind: "ExecCredential", status })}\n`)
      })
    })
}

function versionAsked(info: string | undefined): string {
  // run by hand
  if (info === undefined) return VERSIONS[0]
  try {
    return execInfo.parse(JSON.parse(info)).apiVersion
  } catch {
    const message = "KUBERNETES_EXEC_INFO is not what this understands"
    throw new CommandError(message, {
      exitCode: EXIT.usage,
      hint: `The kubeconfig must say apiVersion: ${VERSIONS[0]}`,
    })
  }
}
