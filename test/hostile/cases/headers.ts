import {
  answer,
  answering,
  BROKEN,
  granted,
  refused,
  UNUSABLE,
  type Ending,
  type HostileCase,
} from "../hostile-case.js"

function heading(title: string, headers: Readonly<Record<string, string>>, ends: Ending = "a token"): HostileCase {
  return { title, play: answering(() => answer(granted(), headers)), ends }
}

function askingToWait(retryAfter: string): HostileCase {
  const play = answering(() => answer("busy", { "retry-after": retryAfter }, "429 Too Many Requests"))
  return { title: `asks to wait for "${retryAfter.slice(0, 40)}"`, play, ends: refused(429) }
}

const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`x-${i}`, "x"]))

/** Headers that nobody expects. */
export const headers: readonly HostileCase[] = [
  heading("sends 10,000 headers", many, BROKEN),
  heading("sends a header of 1 MB", { "x-large": "x".repeat(2 ** 20) }, BROKEN),
  heading("sends headers named as members of every object", {
    ["__proto__"]: "x",
    constructor: "x",
    "to-string": "x",
    hasownproperty: "x",
  }),
  heading("says that it is a page, though it is a token", { "content-type": "text/html" }),
  heading("says nothing about what it is", { "content-type": "" }),
  // fetch hands what it does not know through as it is
  { ...heading("is in an unknown encoding", { "content-encoding": "constructor" }, UNUSABLE), endsByFetch: "a token" },
  {
    ...heading("is in an encoding that is none", { "content-encoding": "__proto__" }, UNUSABLE),
    endsByFetch: "a token",
  },
  {
    ...heading("says that it is compressed, and is not", { "content-encoding": "gzip" }, UNUSABLE),
    endsByFetch: BROKEN,
  },
  heading("asks for credentials beside a token", { "www-authenticate": 'Bearer error="canary-of-the-page-45"' }),
  heading("gives a header twice, with another value", { "content-type": "text/html", "Content-Type": "image/png" }),
  askingToWait("9".repeat(400)),
  askingToWait("-1"),
  askingToWait("1e309"),
  askingToWait("NaN"),
  askingToWait("Fri, 31 Dec 9999 23:59:59 GMT"),
  askingToWait("__proto__"),
]
