import { Option } from "commander"
import { addCommand, type CommandContext } from "./add-command.js"
import type { ConfigOption } from "./configuration.js"
import { readInput } from "./read-input.js"
import type { Terminal } from "./terminal.js"
import { waitingFor } from "./waiting-for.js"
import { withTokens } from "./with-tokens.js"

interface GitCredentialOptions extends ConfigOption {
  readonly host: readonly string[]
  readonly username?: string
  readonly allowHttp?: boolean
}

interface GitCredentialCall extends GitCredentialOptions {
  readonly name: string
  readonly operation: string
}

/** What is younger is not renewed when it is refused: a host that refuses every token must not use one up at each call. */
const YOUNG_MS = 60_000
// GitLab's name for it; GitHub, Gitea and Azure DevOps take any
const USERNAME = "oauth2"

/** gitcredentials(7), "Custom helpers". */
export function addGitCredentialCommand({ program, terminal }: CommandContext): void {
  addCommand(program, {
    usage: "git-credential <name> <operation>",
    description: "be a credential helper of git: the password is the token",
    examples: [
      "git config --global credential.https://git.example.com.helper '!evertoken git-credential forge'",
      "git config --global credential.helper '!evertoken git-credential forge --host git.example.com'",
    ],
  })
    .addOption(
      new Option("--host <host>", "give it to this host only, with its port if there is one; may be repeated")
        .argParser(collect)
        .default([], "any"),
    )
    .option("--username <name>", `the user's name; by default that of the URL, or ${USERNAME}`)
    .option("--allow-http", "give it without TLS, too: whoever is on the way can read it")
    .addHelpText(
      "after",
      "\ngit adds the operation: get, store or erase. A token that a host has refused (erase) is renewed, unless it is younger\n" +
        "than a minute. An ./evertoken.yaml is passed over: it would be that of any repository.",
    )
    .action((name: string, operation: string, options: GitCredentialOptions) =>
      // git is in any repository, and what lies there is its author's
      gitCredential({ ...options, name, operation, isForeign: true }, terminal),
    )
}

function collect(host: string, hosts: readonly string[]): readonly string[] {
  return [...hosts, host.toLowerCase()]
}

async function gitCredential(call: GitCredentialCall, terminal: Terminal): Promise<void> {
  const { name, operation } = call
  const attributes = attributesOf(await readInput(terminal.stdin))
  // what is kept is kept here already, and what git may come to ask for besides is to be passed over
  if ((operation !== "get" && operation !== "erase") || !isForHere(attributes, call, terminal)) return
  await withTokens(call, terminal, async (tokens) => {
    const { accessToken, issuedAt, expiresAt } = await waitingFor(name, tokens.get(name, {}), terminal)
    if (operation === "get") {
      const username = call.username ?? attributes.get("username") ?? USERNAME
      const expiry = Math.floor(expiresAt / 1_000)
      terminal.stdout.write(`username=${username}\npassword=${accessToken}\npassword_expiry_utc=${expiry}\n`)
      return
    }
    const isOld = terminal.clock.now() - issuedAt >= YOUNG_MS
    if (isOld && attributes.get("password") === accessToken) await tokens.refresh(name)
  })
}

/** git-credential(1), "Input/output format". */
function attributesOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split("\n").flatMap((line) => {
      const at = line.indexOf("=")
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)] as const]
    }),
  )
}

function isForHere(attributes: ReadonlyMap<string, string>, call: GitCredentialCall, { stderr }: Terminal): boolean {
  const { host: hosts, allowHttp = false } = call
  // another helper may be there for it
  if (hosts.length > 0 && !hosts.includes(attributes.get("host")?.toLowerCase() ?? "")) return false
  const protocol = attributes.get("protocol")
  if (protocol === "https" || (allowHttp && protocol === "http")) return true
  stderr.write(`evertoken: ${call.name} is given over https only\n`)
  return false
}
