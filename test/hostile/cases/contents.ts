import { CANARIES, formsOf } from "../canaries.js"
import {
  answer,
  answering,
  ELSEWHERE,
  granted,
  refused,
  UNNAMED,
  UNUSABLE,
  type Ending,
  type HostileCase,
} from "../hostile-case.js"

function giving(title: string, body: string | Uint8Array, ends: Ending = UNUSABLE): HostileCase {
  return { title, play: answering(() => answer(body)), ends }
}

function refusing(title: string, status: string, body: string, ends: Ending): HostileCase {
  const type = body.startsWith("{") ? "application/json" : "text/html"
  return { title, play: answering(() => answer(body, { "content-type": type }, status)), ends }
}

const good = granted()
const page = `<!doctype html><title>Error</title><pre>${CANARIES.page} ${CANARIES.refreshToken}</pre>`

const notJson: readonly HostileCase[] = [
  giving("answers with a page", page),
  giving("answers with half a token", good.slice(0, -5)),
  giving("answers with a token and more after it", `${good}${good}`),
  giving("answers with single quotes", good.replaceAll('"', "'")),
  giving("answers with a form, as the drafts had it", "access_token=x&token_type=bearer"),
  giving("answers with a list", `[${good}]`),
  giving("answers with text", JSON.stringify(good)),
  giving("answers with null", "null"),
  giving("answers in UTF-16", Buffer.from(good, "utf16le")),
  giving("answers with a byte order mark before the token", `\ufeff${good}`, "a token"),
]

const PROTOTYPES = '"__proto__":{"access_token":"x","polluted":true},"constructor":{"prototype":{"polluted":true}}'

const oddMembers: readonly HostileCase[] = [
  giving("answers with an empty object", "{}"),
  giving("has the token in a prototype key only", `{${PROTOTYPES},"token_type":"Bearer"}`),
  giving("has prototype keys beside a token", `${good.slice(0, -1)},${PROTOTYPES}}`, "a token"),
  giving(
    "gives every member twice: the last counts, as in JSON.parse",
    `{"access_token":"first",${good.slice(1)}`,
    "a token",
  ),
  giving("gives the token twice, the last of them no text", `${good.slice(0, -1)},"access_token":7}`),
  giving(
    "says no with the status of success",
    JSON.stringify({ error: "invalid_grant", error_description: "no" }),
    refused(200, "invalid_grant"),
  ),
  ...[7, true, null, "", [CANARIES.page], { token: CANARIES.page }].map((value) =>
    giving(`gives the access token ${JSON.stringify(value)}`, granted({ access_token: value })),
  ),
  ...["mac", "N_A", "x".repeat(1_000)].map((value) =>
    giving(`gives the token type ${value.slice(0, 20)}`, granted({ token_type: value })),
  ),
  ...[7, null, "", {}].map((value) =>
    giving(`gives the token type ${JSON.stringify(value)}`, granted({ token_type: value }), "a token"),
  ),
]

const CONTROLS = { CR: "\r", LF: "\n", "CR LF": "\r\n", NUL: "\0", DEL: "\x7f", NEL: "\u0085", "U+2028": "\u2028" }

const injections: readonly HostileCase[] = Object.entries(CONTROLS).flatMap(([name, control]) => [
  giving(`puts ${name} and a header into access_token`, granted({ access_token: `abc${control}x-evil: 1` })),
  giving(`puts ${name} and a header into token_type`, granted({ token_type: `Bearer${control}x-evil: 1` })),
  giving(`puts ${name} and a header into scope`, granted({ scope: `read${control}x-evil: 1` }), "a token"),
])

const redirects: readonly HostileCase[] = [300, 301, 302, 303, 304, 307, 308].map((status) => ({
  title: `answers ${status} and names another host`,
  // a 304 has no body, whatever else it has
  play: answering(() => {
    const bytes = status === 304 ? "" : good
    return answer(bytes, { location: "https://elsewhere.invalid/token" }, `${status} Elsewhere`)
  }),
  ends: ELSEWHERE,
}))

const refusals: readonly HostileCase[] = [
  refusing("fails with a page", "500 Internal Server Error", page, refused(500)),
  refusing("is behind a proxy that fails with a page", "502 Bad Gateway", page, refused(502)),
  refusing("is behind a proxy that gives up", "504 Gateway Timeout", "", refused(504)),
  refusing("gives up on the request", "408 Request Timeout", page, refused(408)),
  refusing("refuses with a page", "400 Bad Request", page, refused(400, UNNAMED)),
  refusing("is behind a firewall that refuses with a page", "403 Forbidden", page, refused(403)),
  refusing("is not there, as a page says", "404 Not Found", page, refused(404)),
  refusing("refuses in a language of its own", "400 Bad Request", `{"message":"${CANARIES.page}"}`, refused(400)),
  refusing("refuses with an error that is no text", "400 Bad Request", '{"error":{"code":7}}', refused(400)),
  refusing("refuses with prototype keys", "400 Bad Request", `{${PROTOTYPES}}`, refused(400)),
]

const QUOTED = [
  ...["plain", "in a URL", "in a form", "in credentials"].map((form) => ["clientSecret", form] as const),
  ...["plain", "in a URL", "in a form"].map((form) => ["refreshToken", form] as const),
]

const quoting: readonly HostileCase[] = QUOTED.map(([name, form]) => {
  // blanks before it, so that it stands behind what is shown unless they are cut off first
  const text = `${" ".repeat(500)}no: ${formsOf(CANARIES[name])[form] ?? ""}`
  const body = { error: "invalid_request", error_description: text, error_uri: `https://id.example.com/?${text}` }
  const title = `quotes the ${name} ${form}`
  const hostile = refusing(title, "400 Bad Request", JSON.stringify(body), refused(400, "invalid_request"))
  return name === "refreshToken" ? { ...hostile, grant: "refresh_token" } : hostile
})

/** Whole answers of HTTP whose content is not what it should be. */
export const contents: readonly HostileCase[] = [
  ...notJson,
  ...oddMembers,
  ...injections,
  ...redirects,
  ...refusals,
  ...quoting,
]
