import { inspect } from "node:util"
import { describe, expect, it } from "vitest"
import { TokenIntrospector } from "./token-introspector.js"

const TOKEN = "the-token-to-ask-about-0123456789"

function introspecting(answer: Response) {
  const forms: string[] = []
  const fetch = async (_url: unknown, { body }: RequestInit = {}) => {
    forms.push(typeof body === "string" ? body : "")
    return answer
  }
  const introspectionEndpoint = "https://id.example.com/introspect"
  const options = { introspectionEndpoint, clientId: "api", clientAuthentication: "none", fetch } as const
  return { introspector: new TokenIntrospector(options), forms }
}

describe("TokenIntrospector", () => {
  it("tells in its own words and units what the issuer says, and everything else in the issuer's", async () => {
    const claims = {
      active: true,
      scope: "a b",
      client_id: "billing",
      sub: "someone",
      aud: ["https://api.example.com"],
      iat: 1_700_000_000,
      exp: 1_700_000_600,
      cnf: { jkt: "x" },
    }
    const { introspector, forms } = introspecting(Response.json(claims))
    expect(await introspector.introspect(TOKEN, { hint: "access_token" })).toEqual({
      active: true,
      scope: "a b",
      clientId: "billing",
      subject: "someone",
      audience: ["https://api.example.com"],
      issuedAt: 1_700_000_000_000,
      expiresAt: 1_700_000_600_000,
      claims,
    })
    expect(forms.map(sorted)).toEqual([`client_id=api&token=${TOKEN}&token_type_hint=access_token`])
  })

  it("a single audience is a list of one, and what is absent or odd is absent", async () => {
    const odd = { active: true, aud: "one", scope: 7, exp: "soon", iat: null, sub: [], client_id: {} }
    const { introspector } = introspecting(Response.json(odd))
    const { claims, ...told } = await introspector.introspect(TOKEN)
    expect(told).toEqual({ active: true, audience: ["one"] })
    expect(claims).toEqual(odd)
  })

  it("a token that is not active is an answer like others", async () => {
    const { introspector } = introspecting(Response.json({ active: false }))
    expect(await introspector.introspect(TOKEN)).toEqual({ active: false, claims: { active: false } })
  })

  it.each([
    ["a string", { active: "true" }],
    ["a number", { active: 1 }],
    ["missing", { sub: "someone" }],
    ["in an array", [{ active: true }]],
    ["no JSON", undefined],
  ])("nothing is active whose active is %s", async (_, body) => {
    const { introspector } = introspecting(body === undefined ? new Response("<html>") : Response.json(body))
    await expect(introspector.introspect(TOKEN)).rejects.toMatchObject({ code: "ERR_TOKEN_RESPONSE_INVALID" })
  })

  it("rejects with what the issuer says, and shows nothing of the token", async () => {
    const body = { error: "invalid_client", error_description: `who asks about ${TOKEN}?` }
    const { introspector } = introspecting(Response.json(body, { status: 401 }))
    const error: unknown = await introspector.introspect(TOKEN).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: "ERR_TOKEN_RESPONSE", error: "invalid_client", status: 401, transient: false })
    expect(String(error)).toContain("the introspection endpoint answered 401 invalid_client")
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain(TOKEN)
  })

  it("asks nothing where there is no token", async () => {
    const { introspector, forms } = introspecting(Response.json({ active: true }))
    await expect(introspector.introspect("")).rejects.toThrow(/^token must be/)
    expect(forms).toEqual([])
  })

  it("needs to know where to ask", () => {
    const construct = () => new TokenIntrospector({ clientId: "api", clientAuthentication: "none" })
    expect(construct).toThrow(/^issuer or introspectionEndpoint is required/)
  })
})

function sorted(form: string): string {
  const parameters = new URLSearchParams(form)
  parameters.sort()
  return parameters.toString()
}
