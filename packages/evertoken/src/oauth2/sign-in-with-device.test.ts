import { inspect } from "node:util"
import { expect, it, test } from "vitest"
import { VirtualClock } from "../testing/virtual-clock.js"
import type { DevicePrompt } from "./device-authorization.js"
import { signInWithDevice, type DeviceSignInOptions } from "./sign-in-with-device.js"

const ISSUER = "https://id.example.com"
const DEVICE_CODE = "canary-device-code-7a1d"
const authorization = {
  device_code: DEVICE_CODE,
  user_code: "WDJB-MJHT",
  verification_uri: `${ISSUER}/device`,
  verification_uri_complete: `${ISSUER}/device?user_code=WDJB-MJHT`,
  expires_in: 60,
  interval: 2,
}
const granted = { access_token: "at", token_type: "Bearer", expires_in: 600, refresh_token: "rt" }

type Answer = readonly [status: number, body: object] | "no answer"
const refused = (error: string): Answer => [400, { error, error_description: `no ${DEVICE_CODE}` }]
const yes: Answer = [200, granted]

interface Scene {
  readonly options?: Partial<DeviceSignInOptions>
  readonly first?: readonly [number, object]
  readonly answers?: readonly Answer[]
}

function begun({ options, first = [200, authorization], answers = [yes] }: Scene = {}) {
  const clock = new VirtualClock()
  const start = clock.monotonic()
  const polls: { readonly atMs: number; readonly form: Record<string, string> }[] = []
  const asked: Record<string, string>[] = []
  const prompts: DevicePrompt[] = []
  const left = [...answers]
  const fetch = async (input: unknown, { body }: RequestInit = {}) => {
    const url = String(input)
    const form = Object.fromEntries(new URLSearchParams(typeof body === "string" ? body : ""))
    if (url.includes("/.well-known/")) {
      const endpoints = { device_authorization_endpoint: `${ISSUER}/device_auth`, token_endpoint: `${ISSUER}/token` }
      return Response.json({ issuer: ISSUER, ...endpoints })
    }
    if (url.endsWith("/device_auth")) {
      asked.push(form)
      return Response.json(first[1], { status: first[0] })
    }
    polls.push({ atMs: clock.monotonic() - start, form })
    const answer = (left.length > 1 ? left.shift() : left[0]) ?? yes
    if (answer === "no answer") throw new Error("the network is down")
    return Response.json(answer[1], { status: answer[0] })
  }
  const onCode = (prompt: DevicePrompt) => prompts.push(prompt)
  const common = { issuer: ISSUER, clientId: "c", clientAuthentication: "none", fetch, clock, onCode } as const
  const outcome = signInWithDevice({ ...common, ...options }).catch((error: unknown) => error)
  return { clock, polls, asked, prompts, outcome }
}

test("the user is shown a code, and the issuer is asked at its interval until the user has agreed", async () => {
  const pending = refused("authorization_pending")
  const options = { scope: "openid offline_access", audience: "api", resource: "https://a.test/" }
  const { clock, polls, asked, prompts, outcome } = begun({ options, answers: [pending, pending, yes] })
  await clock.advance(60_000)
  expect(await outcome).toMatchObject({ accessToken: "at", refreshToken: "rt" })
  expect(asked).toEqual([{ client_id: "c", ...options }])
  expect(prompts).toEqual([
    {
      userCode: "WDJB-MJHT",
      verificationUri: `${ISSUER}/device`,
      verificationUriComplete: `${ISSUER}/device?user_code=WDJB-MJHT`,
      expiresAt: Date.UTC(2026, 0, 1) + 60_000,
    },
  ])
  expect(polls.map(({ atMs }) => atMs)).toEqual([2_000, 4_000, 6_000])
  expect(polls[0]?.form).toEqual({
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
    device_code: DEVICE_CODE,
    resource: "https://a.test/",
    client_id: "c",
  })
  expect(clock.pendingTimers).toBe(0)
})

test("slow_down adds five seconds to the interval for good", async () => {
  const pending = refused("authorization_pending")
  const { clock, polls, outcome } = begun({ answers: [refused("slow_down"), pending, refused("slow_down"), yes] })
  await clock.advance(60_000)
  expect(await outcome).toMatchObject({ accessToken: "at" })
  expect(polls.map(({ atMs }) => atMs)).toEqual([2_000, 9_000, 16_000, 28_000])
})

test("what passes is waited out, ever longer, and no shorter than the issuer says", async () => {
  const answers: Answer[] = ["no answer", [503, {}], yes]
  const { clock, polls, outcome } = begun({ answers, first: [200, { ...authorization, interval: undefined }] })
  await clock.advance(60_000)
  expect(await outcome).toMatchObject({ accessToken: "at" })
  expect(polls.map(({ atMs }) => atMs)).toEqual([5_000, 15_000, 35_000])
})

test.each(["access_denied", "expired_token", "invalid_grant"])(
  "%s ends it, by name and without the code",
  async (error) => {
    const { clock, polls, outcome } = begun({ answers: [refused("authorization_pending"), refused(error)] })
    await clock.advance(60_000)
    const failure = await outcome
    expect(failure).toMatchObject({ code: "ERR_TOKEN_RESPONSE", error, transient: false })
    expect(inspect(failure, { showHidden: true, depth: 9 })).not.toContain("canary")
    expect(polls).toHaveLength(2)
  },
)

test("a code that nobody types in expires, whatever the issuer goes on saying", async () => {
  const { clock, polls, outcome } = begun({ answers: [refused("authorization_pending")] })
  await clock.advance(600_000)
  expect(await outcome).toMatchObject({ code: "ERR_TOKEN_REQUEST_TIMEOUT", transient: true })
  expect(polls).toHaveLength(30)
  expect(clock.pendingTimers).toBe(0)
})

test("it ends with its signal, and asks no more", async () => {
  const patience = new AbortController()
  const { clock, polls, outcome } = begun({
    options: { signal: patience.signal },
    answers: [refused("authorization_pending")],
  })
  await clock.advance(3_000)
  patience.abort("enough")
  expect(await outcome).toBe("enough")
  await clock.advance(60_000)
  expect([polls.length, clock.pendingTimers]).toEqual([1, 0])
})

test("what onCode throws ends it before the issuer is asked", async () => {
  const onCode = () => Promise.reject(new Error("the screen is off"))
  const { clock, polls, outcome } = begun({ options: { onCode } })
  await clock.advance(60_000)
  expect(String(await outcome)).toContain("the screen is off")
  expect(polls).toEqual([])
})

test("an issuer that has no such grant says so", async () => {
  const { outcome } = begun({ first: [400, { error: "unauthorized_client" }] })
  const error = await outcome
  expect(error).toMatchObject({ error: "unauthorized_client" })
  expect(String(error)).toContain("device authorization endpoint")
})

test("Google's name for the verification URI will do", async () => {
  const { verification_uri, verification_uri_complete, ...others } = authorization
  const first = [200, { ...others, verification_url: verification_uri, ignored: verification_uri_complete }] as const
  const { clock, prompts, outcome } = begun({ first })
  await clock.advance(60_000)
  expect(await outcome).toMatchObject({ accessToken: "at" })
  expect(prompts).toMatchObject([{ verificationUri: `${ISSUER}/device` }])
  expect(prompts[0]).not.toHaveProperty("verificationUriComplete")
})

it.each([
  ["device_code", { device_code: "" }],
  ["user_code", { user_code: "\u001b[2Jcode" }],
  ["verification_uri", { verification_uri: "javascript:alert(1)" }],
  ["expires_in", { expires_in: -1 }],
])("an answer without a usable %s is refused before anybody sees it", async (name, fields) => {
  const { prompts, outcome } = begun({ first: [200, { ...authorization, ...fields }] })
  const error = await outcome
  expect(error).toMatchObject({ code: "ERR_TOKEN_RESPONSE_INVALID" })
  expect(String(error)).toContain(name)
  expect(prompts).toEqual([])
})

it.each([
  ["onCode", { onCode: "show it" as unknown as () => void }],
  ["deviceAuthorizationEndpoint", { deviceAuthorizationEndpoint: "http://id.example.com/device" }],
])("a mistake in %s is a TypeError that names it", async (name, options) => {
  const error = await begun({ options }).outcome
  expect(error).toBeInstanceOf(TypeError)
  expect(String(error)).toContain(name)
})
