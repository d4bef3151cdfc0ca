import { describe, expect, it } from "vitest"
import { bearerToken } from "./bearer-token.js"
import { createFetch } from "./create-fetch.js"
import { Origins } from "./origins.js"
import { RenewingSource, tokenOf } from "../testing/internal/renewing-source.js"

/** Which authorization a request to this URL gets: by `fetch`, and by an undici dispatcher. */
async function presentedTo(url: string, origins: readonly string[]) {
  const source = new RenewingSource(tokenOf("good"))
  const presented: (string | null)[] = []
  const note = (headers: Headers) => presented.push(headers.get("authorization"))
  const fetch = async (_input: unknown, init?: RequestInit) => {
    note(new Headers(init?.headers))
    return new Response()
  }
  await createFetch(source, { origins, fetch })(url)
  await createFetch(source, { origins, fetch })(new Request(url.replace(/\/\/[^/]*@/, "//")))
  const { pathname: path } = new URL(url)
  const request = { origin: url.slice(0, url.indexOf("/", 9)), path, method: "GET" }
  await new Promise<void>((resolve) => {
    const interceptor = bearerToken(source, { origins })
    const dispatch = interceptor(({ headers }) => {
      const [name, value] = (headers ?? []) as string[]
      note(new Headers(name === undefined ? [] : [[name, value ?? ""]]))
      resolve()
      return true
    })
    dispatch(request, { onRequestStart: () => undefined })
  })
  return presented
}

const ALL = ["Bearer good", "Bearer good", "Bearer good"]
const NONE = [null, null, null]

it("is not confused by how many origins were asked for, nor by how each is written", () => {
  const origins = new Origins(["https://api.example.com", "https://*.tenants.example"])
  for (let round = 1; round <= 2; round++) {
    for (let n = 0; n < 1_500; n++) {
      expect(origins.admitted(`https://T${n}.tenants.example:443/`)).toBe(`https://t${n}.tenants.example`)
      expect(origins.admitted(`https://t${n}.example`)).toBeUndefined()
    }
    expect(origins.admitted(new URL("https://api.example.com/x"))).toBe("https://api.example.com")
  }
  expect(() => origins.admitted("api.example.com")).toThrow(TypeError)
})

describe("the token goes to", () => {
  it.each([
    ["https://api.example.com/x", "https://api.example.com"],
    ["https://API.example.com:443/x", "https://api.example.com/"],
    ["https://api.example.com:8443/x", "https://api.example.com:8443"],
    ["https://me@api.example.com/x", "https://api.example.com"],
    ["https://xn--bcher-kva.example/x", "https://bücher.example"],
    ["https://a.example.com/x", "https://*.example.com"],
    ["https://a.b.example.com/x", "HTTPS://*.Example.com"],
    ["https://a.example.com:8443/x", "https://*.example.com:8443"],
    ["http://127.0.0.1:3000/x", "http://127.0.0.1:3000"],
    ["https://api.example.com//evil.test/x", "https://api.example.com"],
  ])("%s, listed as %s", async (url, origin) => {
    expect(await presentedTo(url, ["https://other.example", origin])).toEqual(ALL)
  })
})

describe("the token does not go to", () => {
  it.each([
    ["https://api.example.com.evil.test/x", "another domain that begins alike"],
    ["https://api.example.com@evil.test/x", "another host behind user info"],
    ["https://api.example.com%40evil.test/x".replace("%40", ":x@"), "another host behind a password"],
    ["https://api.example.com:8443/x", "another port"],
    ["http://api.example.com/x", "the same host in the clear"],
    ["http://api.example.com:443/x", "the same host in the clear, on the other's port"],
    ["https://api.example.com./x", "a host with a trailing dot"],
    ["https://xn--pi-7ed.example.com/x", "a look-alike in punycode"],
    ["https://аpi.example.com/x", "a look-alike in Cyrillic"],
    ["https://evil.test/https://api.example.com", "another host with the name in its path"],
    ["https://sub.api.example.com/x", "a sub-domain"],
    ["https://example.com/x", "the domain above"],
  ])("%s, %s", async (url) => {
    expect(await presentedTo(url, ["https://api.example.com"])).toEqual(NONE)
  })

  it.each([
    ["https://example.com/x", "the domain itself"],
    ["https://evilexample.com/x", "a domain that ends alike"],
    ["https://a.example.com.evil.test/x", "another domain that begins alike"],
    ["https://a.example.com:8443/x", "another port"],
    ["http://a.example.com/x", "a sub-domain in the clear"],
    ["https://a.example.com./x", "a sub-domain with a trailing dot"],
    ["https://a.example.com@evil.test/x", "another host behind user info"],
  ])("%s, %s, where all sub-domains are listed", async (url) => {
    expect(await presentedTo(url, ["https://*.example.com"])).toEqual(NONE)
  })
})
