import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { ConfigError } from "./config-error.js"
import { configTemplate } from "./config-template.js"
import { parseConfig, readConfig } from "./read-config.js"

const SECRET = "hunter2"

function parse(text: string) {
  return parseConfig(text, { file: "evertoken.yaml", baseDirectory: "/etc/evertoken" })
}

/** The lines that tell what is wrong; that no secret is in them is looked at here, for all of them. */
function problemsOf(text: string): readonly string[] {
  try {
    parse(text)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(SECRET)
    return (error as ConfigError).message.split("\n")
  }
  return []
}

function token(fields: string): string {
  return `tokens:\n  billing:\n    grant: client_credentials\n    issuer: https://id.example.com\n    client: { id: a, secret: env:S }\n    ${fields}\n`
}

function client(fields: string): string {
  return `tokens:\n  billing:\n    grant: refresh_token\n    issuer: https://id.example.com\n    client: { id: a, ${fields} }\n`
}

function issued(fields: string): string {
  return `tokens:\n  billing: { ${fields}, client: { id: a, secret: env:S } }\n`
}

test("a configuration comes with lengths in milliseconds, paths from its own directory, and references", () => {
  const { tokens, stateDirectory, listen, encryption, stores } = parse(`
stateDirectory: state
listen: { socket: ~/evertoken.sock }
encryption: { keys: [file:token.key] }
stores: { shared: { file: ../tokens } }
tokens:
  billing:
    grant: client_credentials
    tokenEndpoint: http://127.0.0.1:8080/token
    client: { id: billing, secret: env:BILLING_SECRET }
    store: shared
    certificateAuthority: /etc/ca.pem
    policy: { refreshLead: 1.5m }
`)
  expect({ stateDirectory, socket: listen.socket, key: String(encryption?.keys[0]), stores }).toEqual({
    stateDirectory: "/etc/evertoken/state",
    socket: join(homedir(), "evertoken.sock"),
    key: "file:/etc/evertoken/token.key",
    stores: { shared: { file: "/etc/tokens" } },
  })
  expect(tokens["billing"]).toMatchObject({ certificateAuthority: "/etc/ca.pem", policy: { refreshLead: 90_000 } })
})

test("what the policy says for all tokens is in each of them, but for what they say themselves", () => {
  const { tokens } = parse(`policy: { freshness: 0.5, jitter: false }\n${token("policy: { jitter: true }")}`)
  expect(tokens["billing"]?.policy).toEqual({ freshness: 0.5, jitter: true })
})

test("all problems are told at once, in the order of the file, as compilers tell them", () => {
  expect(
    problemsOf(`listen:
  tcp: { port: 70000, apiKey: hunter2 }
stores:
  file: { file: x }
  fleet: { redis: redis://:hunter2@localhost, table: x }
tokens:
  billing:
    grant: client_credential
  mail:
    grant: authorization_code
    issuer: http://id.example.com
    client: { secret: 0123 }
    scopes: openid
  partner: { grant: device_code, issuer: "https://id.example.com", client: { id: a }, store: flee }
`),
  ).toEqual([
    "evertoken.yaml:2:16: listen.tcp.port: must be at most 65535",
    "evertoken.yaml:2:31: listen.tcp.apiKey: must be a reference, not the secret itself: put the secret into an environment variable or a private file, and write env:NAME, file:PATH or keyring:SERVICE/ACCOUNT (or set allowLiteralSecrets: true)",
    "evertoken.yaml:4:3: stores.file: is the name of the default store: take another one",
    "evertoken.yaml:5:19: stores.fleet.redis: must be a reference, not the secret itself: put the secret into an environment variable or a private file, and write env:NAME, file:PATH or keyring:SERVICE/ACCOUNT (or set allowLiteralSecrets: true)",
    "evertoken.yaml:5:47: stores.fleet.table: is not known: what can stand here is redis",
    "evertoken.yaml:8:12: tokens.billing.grant: must be one of client_credentials, refresh_token, authorization_code, device_code, jwt_bearer, token_exchange: did you mean `client_credentials`?",
    "evertoken.yaml:11:13: tokens.mail.issuer: must be an https URL (http for this machine only)",
    "evertoken.yaml:12:5: tokens.mail.client.id: is missing",
    "evertoken.yaml:12:23: tokens.mail.client.secret: must be a text: put it in quotes",
    "evertoken.yaml:13:5: tokens.mail.scopes: is not known: did you mean `scope`?",
    "evertoken.yaml:14:94: tokens.partner.store: is not one of stores: did you mean `fleet`?",
  ])
})

test("what is wrong in the same place for the same reason is told once", () => {
  const lines = problemsOf("tokens:\n  a: [1\n b: {")
  expect(lines.length).toBeGreaterThan(0)
  expect(new Set(lines).size).toBe(lines.length)
})

describe("a field that is wrong is told in words that mend it:", () => {
  const AUTHENTICATION =
    "must be one of client_secret_basic, client_secret_basic_raw, client_secret_post, client_secret_jwt, none, or an object whose method is one of private_key_jwt, client_assertion, tls_client_auth"
  test.each([
    ["{}", "tokens: is missing"],
    ["tokens:", "tokens: is empty: give it a value, or leave it out"],
    ["[]", "must be a map of names and values"],
    ["tokens: { my token: 1 }", "tokens.(...): must be 1 to 64 letters, digits, dots, dashes or underscores"],
    [
      "tokens: { a: { issuer: x } }",
      "tokens.a.grant: is missing: must be one of client_credentials, refresh_token, authorization_code, device_code, jwt_bearer, token_exchange",
    ],
    ["tokens: { a: }", "tokens.a: is empty: give it a value, or leave it out"],
    [token("scope: [a]"), "tokens.billing.scope: must be a text"],
    [
      'tokens: { a: { grant: authorization_code, issuer: "https://a", client: { id: a }, parameters: { state: x } } }',
      "tokens.a.parameters.state: is made by evertoken itself: leave it out",
    ],
    [token("scope: ''"), "tokens.billing.scope: must not be empty"],
    [token("scope: 5"), "tokens.billing.scope: must be a text: put it in quotes"],
    [token("store: nowhere"), "tokens.billing.store: is not one of stores"],
    [token("resource: 5"), "tokens.billing.resource: must be an absolute URI, or a list of them"],
    [token("resource: nowhere"), "tokens.billing.resource: must be an absolute URI without a fragment (RFC 8707)"],
    [
      token("resource: [https://a/, b]"),
      "tokens.billing.resource[1]: must be an absolute URI without a fragment (RFC 8707)",
    ],
    [token("policy: { requestTimeout: 0s }"), "tokens.billing.policy.requestTimeout: must be from 1ms to 24d"],
    [token("policy: { freshness: 0 }"), "tokens.billing.policy.freshness: must be more than 0"],
    [token("policy: { jitter: 'no' }"), "tokens.billing.policy.jitter: must be true or false"],
    ...["policy: { refreshLead: 5 }", "policy: { refreshLead: 5 minutes }", "policy: { refreshLead: -5m }"].map(
      (policy) => [
        token(policy),
        "tokens.billing.policy.refreshLead: must be a number and a unit, such as 500ms, 90s, 5m, 1h or 30d",
      ],
    ),
    [token('certificateAuthority: "a\\0b"'), "tokens.billing.certificateAuthority: must not hold a NUL character"],
    [
      client("authentication: client_secret_past"),
      `tokens.billing.client.authentication: ${AUTHENTICATION}: did you mean \`client_secret_post\`?`,
    ],
    [client("authentication: 5"), `tokens.billing.client.authentication: ${AUTHENTICATION}`],
    [
      client("authentication: private_key_jwt"),
      "tokens.billing.client.authentication: needs its files: write it as an object of `method` and these (see the schema)",
    ],
    [
      client("authentication: { method: private_key }"),
      "tokens.billing.client.authentication.method: must be one of private_key_jwt, client_assertion, tls_client_auth",
    ],
    [
      client("authentication: { method: tls_client_auth, key: k }"),
      "tokens.billing.client.authentication.certificate: is missing",
    ],
    [
      client("authentication: client_secret_post"),
      "tokens.billing.client.secret: is missing: client_secret_post needs it",
    ],
    [
      client("authentication: none, secret: env:S"),
      "tokens.billing.client.secret: is not used by none: leave one of them out",
    ],
    [
      client("authentication: { method: client_assertion, assertion: a }, secret: env:S"),
      "tokens.billing.client.secret: is not used by client_assertion: leave one of them out",
    ],
    [
      client("authentication: client_secret_basic_raw, secret: env:S").replace("id: a", "id: a:b"),
      "tokens.billing.client.id: must not hold a colon with client_secret_basic_raw (RFC 7617)",
    ],
    [client("secret: 'env:'"), "tokens.billing.client.secret: must have a name after env:, such as env:CLIENT_SECRET"],
    [
      client("secret: env:hunter2-x"),
      "tokens.billing.client.secret: must have a name after env:, such as env:CLIENT_SECRET",
    ],
    [client("secret: 'file:'"), "tokens.billing.client.secret: must have a path after file:"],
    [
      client("secret: keyring:evertoken"),
      "tokens.billing.client.secret: must have a service and an account after keyring:, such as keyring:evertoken/billing",
    ],
    [client("secret: ''"), "tokens.billing.client.secret: must not be empty"],
    [
      issued("grant: jwt_bearer, assertion: a"),
      "tokens.billing.issuer: is missing: give the issuer's https URL, or a tokenEndpoint",
    ],
    [
      issued("grant: device_code, tokenEndpoint: https://a/"),
      "tokens.billing.issuer: is missing: its metadata tell where people sign in; a tokenEndpoint alone does not",
    ],
    [
      issued("grant: refresh_token, issuer: 'https://hunter2@a/'"),
      "tokens.billing.issuer: must not hold a user name or password: leave them out",
    ],
    [
      issued("grant: refresh_token, issuer: 'https://:hunter2@a/'"),
      "tokens.billing.issuer: must not hold a user name or password: leave them out",
    ],
    [
      issued("grant: refresh_token, issuer: 'https://u:hunter2@a/'"),
      "tokens.billing.issuer: must not hold a user name or password: leave them out",
    ],
    [
      issued("grant: refresh_token, issuer: 'https://a/#b'"),
      "tokens.billing.issuer: must not have a fragment: leave out what begins with #",
    ],
    [
      issued("grant: refresh_token, issuer: 'https://a/?b'"),
      "tokens.billing.issuer: must not have a query (RFC 8414, section 2)",
    ],
    [
      issued("grant: refresh_token, issuer: id.example.com"),
      "tokens.billing.issuer: must be an https URL, such as https://id.example.com",
    ],
    [
      issued("grant: token_exchange, issuer: 'https://a', subjectToken: a, subjectTokenType: jvt"),
      "tokens.billing.subjectTokenType: must be one of access_token, refresh_token, id_token, saml1, saml2, jwt, or an absolute URI",
    ],
    [
      "tokens: { a: { grant: client_credentials, issuer: 'https://a', client: { id: a } } }",
      "tokens.a.client.secret: is missing: this grant is for clients that prove who they are (or say `authentication: none`)",
    ],
    [
      "tokens: {}\nstores: { a: { redis: redis://h, postgres: env:P } }",
      "stores.a: must have one of `file`, `redis` and `postgres`, and not several",
    ],
    ["tokens: {}\nstores: { a: /tmp }", "stores.a: must have one of `file`, `redis` and `postgres`, and not several"],
    ["tokens: {}\nencryption: { keys: [] }", "encryption.keys: must not be empty"],
    ["tokens: {}\nencryption: { keys: [env:K, hunter2] }", "encryption.keys[1]: must be a reference"],
    ["tokens: {}\nlisten: { tcp: { port: 1.5, apiKey: env:K } }", "listen.tcp.port: must be a whole number"],
    [
      "tokens: {}\nlisten: { tcp: { port: 1, apiKey: env:K, address: 0.0.0.0 } }",
      "listen.tcp.tls: is missing: other machines reach this address (or listen on 127.0.0.1)",
    ],
    ["tokens: {}\nlisten: { tcp: { port: -1, apiKey: env:K } }", "listen.tcp.port: must be at least 0"],
    ["tokens: {}\nonSignInNeeded: notify", "onSignInNeeded: must be a list"],
    [
      "tokens: {}\nlog: { level: warning }",
      "log.level: must be one of trace, debug, info, warn, error, fatal, silent: did you mean `warn`?",
    ],
  ])("%s", (text = "", message) => {
    const problems = problemsOf(text)
    expect(problems).toHaveLength(1)
    expect(problems[0]?.replace(/^evertoken\.yaml:\d+:\d+: /, "")).toContain(message)
    expect(problems[0]).not.toMatch(/invalid/i)
  })
})

test("what stands in the place of a key is not shown where it may be a secret", () => {
  const known = "tokens.billing.client: a key that is not known stands in here: is there a space after its colon?"
  for (const fields of ["secret:hunter2", "hunter2", "'hunter2 ': 1"]) {
    expect(problemsOf(client(fields))).toEqual([`evertoken.yaml:5:22: ${known}`])
  }
})

test("whatever is typed wherever, what is told is what is wrong, and nothing of it", () => {
  const full = configTemplate.replace(/^#(?=\S| {2})/gm, "").replace(/^\s*#.*\n/gm, "")
  const typed = [
    "X",
    ": X ",
    "\nX: x\n",
    "'X",
    "{ X: ",
    "[X",
    "\tX",
    "&X ",
    "*X ",
    "!X ",
    "? X\n",
    '"\\X',
    "| X",
    "--- X\n",
    "@X",
  ]
  let count = 0
  for (let at = 0; at < full.length; at += 17) {
    const [text = ""] = typed.splice(0, 1)
    typed.push(text)
    const problems = problemsOf(full.slice(0, at) + text.replace("X", SECRET) + full.slice(at))
    for (const problem of problems)
      expect(problem).toMatch(/^evertoken\.yaml:\d+:\d+: (?!.*(?:undefined|[Ii]nvalid input)).+[^: ]$/)
    count += problems.length
  }
  expect(count).toBeGreaterThan(100)
})

test("a literal secret is kept where the configuration allows it, and a URL without a password is none", () => {
  const { tokens } = parse(`allowLiteralSecrets: true\n${client("secret: hunter2")}`)
  const shown = [
    inspect(tokens, { depth: 9, showHidden: true }),
    JSON.stringify(tokens),
    String(tokens["billing"]?.client.secret),
  ]
  for (const text of shown) {
    expect(text).toContain("[redacted]")
    expect(text).not.toContain(SECRET)
  }
  expect(parse("tokens: {}\nstores: { a: { redis: redis://localhost:6379 } }").stores).toHaveProperty("a")
  for (const address of ["postgres://h/d?password=hunter2", "redis://hunter2@h", "ENV:HUNTER", "hunter2"]) {
    expect(problemsOf(`tokens: {}\nstores: { a: { postgres: ${address} } }`)).toHaveLength(1)
  }
})

describe("what is no YAML 1.2 is told by line and column, and not quoted:", () => {
  test.each([
    ["a: hunter2\na: hunter2\n", "2:1: this key is there already: leave one of them out"],
    ["1: a\n'1': b\n", "2:1: this key is there already"],
    ["a: [hunter2\n", "2:1: must be indented"],
    ["a:\n\tb: hunter2\n", "2:1: YAML is indented with spaces, not with tabs"],
    ['a: "\\hunter2"\n', "1:5: double quotes do not know this escape"],
    ["a: @hunter2\n", "1:4: a text that begins so must stand in quotes"],
    ["a: !hunter2 b\n", "1:4: this tag (!...) is not known"],
    ["a: 1\n---\nb: hunter2\n", "2:1: a second document begins here"],
    ["a: hunter2: b\n", "1:4: a colon followed by a space is not expected here"],
    ["a: 'hunter2\n", "2:1: something is missing here"],
    ["? [hunter2]\n: b\n", "1:3: a key must be a text"],
    ["a: *hunter2\n", "1:4: there is no anchor (&...) of this name before it"],
    ["a: &x { b: *x }\n", "1:12: this alias stands in what it is an alias of"],
    ["tokens: { __proto__: { grant: x } }\n", "1:11: a key must not be __proto__"],
    ["%YAML hunter2\n---\na: 1\n", "1:7: is not valid YAML here"],
    [
      `a: &a [x]\n${["b", "c", "d"].map((name, i) => `${name}: &${name} [${Array(9).fill(`*${"abc"[i]}`).join()}]`).join("\n")}`,
      "more than 100 aliases (*...) are too many",
    ],
    ["", "is empty: `evertoken init` writes a commented one"],
  ])("%j", (text, message) => {
    expect(problemsOf(text)[0]).toContain(message)
  })

  test("aliases are followed, and what is wrong is told where it stands", () => {
    const text = "stores: { a: &a { file: x }, b: *a }\ntokens: {}\n"
    expect(parse(text).stores["b"]).toEqual({ file: "/etc/evertoken/x" })
    expect(problemsOf(text.replace("x", "5"))).toEqual([
      "evertoken.yaml:1:25: stores.a.file: must be a text: put it in quotes",
      "evertoken.yaml:1:25: stores.b.file: must be a text: put it in quotes",
    ])
    expect(problemsOf(text.replace("file:", "fire:"))).toEqual([
      "evertoken.yaml:1:17: stores.a: must have one of `file`, `redis` and `postgres`, and not several",
      "evertoken.yaml:1:33: stores.b: must have one of `file`, `redis` and `postgres`, and not several",
    ])
  })
})

describe("a file", () => {
  let directory = ""
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "evertoken-config-"))
  })
  afterAll(() => rm(directory, { recursive: true }))

  async function fileOf(content: string | Uint8Array, mode = 0o600): Promise<string> {
    const path = join(directory, "evertoken.yaml")
    await writeFile(path, content)
    await chmod(path, mode)
    return path
  }

  test("is read, and what is relative is so to its directory", async () => {
    const { stateDirectory } = await readConfig(await fileOf("tokens: {}\nstateDirectory: state", 0o644))
    expect(stateDirectory).toBe(join(directory, "state"))
  })

  test.skipIf(process.platform === "win32")("that others may write is refused, with what mends it", async () => {
    for (const mode of [0o620, 0o602, 0o666]) {
      const path = await fileOf("tokens: {}", mode)
      await expect(readConfig(path)).rejects.toThrow(
        new ConfigError(path, [
          { field: "", message: "can be changed by others, who could have any command run: chmod go-w it" },
        ]),
      )
    }
  })

  test("that cannot be a configuration is refused by its name", async () => {
    const folder = join(directory, "folder")
    await mkdir(folder)
    await expect(readConfig(folder)).rejects.toThrow(`${folder}: is not a regular file`)
    const missing = join(directory, "missing.yaml")
    await expect(readConfig(missing)).rejects.toThrow(`${missing}: does not exist: \`evertoken init\` writes one`)
    await expect(readConfig(join(await fileOf(""), "x"))).rejects.toThrow("cannot be read: ENOTDIR")
    await expect(readConfig(await fileOf(Uint8Array.of(0xff)))).rejects.toThrow("is not text in UTF-8")
    await expect(readConfig(await fileOf("#".repeat(1_048_577)))).rejects.toThrow("is too large for a configuration")
  })
})

test("of a file that is wrong everywhere the first problems are told, and how many there are more", () => {
  const entries = Array.from({ length: 120 }, (_, i) => `t${String(i)}: 1`)
  for (const text of [`tokens: { ${entries.join(", ")} }`, "? [x]\n".repeat(120)]) {
    const problems = problemsOf(text)
    expect(problems).toHaveLength(101)
    expect(problems.at(-1)).toMatch(/^evertoken.yaml:\d+:\d+: \d+ problems more are not told$/)
  }
})

test("the README shows mistakes as they are told", async () => {
  const readme = await readFile(new URL("../../README.md", import.meta.url), "utf8")
  const [, shown = ""] = /```text\n(.*?)```/s.exec(readme) ?? []
  expect(
    problemsOf(`# mine
tokens:
  billing:
    issuer: http://id.example.com
    grant: client_credentials
    client: { id: billing, secret: env:SECRET }
    scopes: invoices:read
`),
  ).toEqual(shown.trim().split("\n"))
})
