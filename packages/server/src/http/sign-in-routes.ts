import type { FastifyInstance } from "fastify"
import type { ZodTypeProvider } from "fastify-type-provider-zod"
import { filter, firstValueFrom, fromEvent, map, merge } from "rxjs"
import { z } from "zod"
import type { NamedToken } from "../tokens/named-token.js"
import { tokenNamed } from "./find-token.js"
import { lengthOfTime } from "./length-of-time.js"
import { problems } from "./problem-responses.js"
import { Refusal } from "./refusal.js"
import type { ServerContext } from "./server-context.js"

const params = z.object({ name: z.string() })
const nothing = z.null().meta({ description: "Nothing." })
const LONGEST_WAIT_MS = 300_000
const expiresAt = z.number().meta({ description: "Epoch milliseconds." })

export const signInPrompt = z
  .discriminatedUnion("kind", [
    z.object({ kind: z.literal("browser"), url: z.string(), expiresAt }),
    z.object({
      kind: z.literal("device"),
      verificationUri: z.string(),
      verificationUriComplete: z.string().optional(),
      userCode: z.string(),
      expiresAt,
    }),
  ])
  .meta({ description: "What a person is to do now: open a URL in a browser of the host, or a code on any device." })

export const signInOutcome = z.object({
  state: z.enum(["none", "under-way", "kept", "failed"]).meta({
    description: "Of the last sign-in since the server began. `under-way`: ask again.",
  }),
  why: z.string().optional().meta({ description: "It failed." }),
})

/** How a person gives a grant. */
export function signInRoutes(instance: FastifyInstance, { registry, polls }: ServerContext): void {
  const app = instance.withTypeProvider<ZodTypeProvider>()

  app.post(
    "/tokens/:name/sign-in",
    {
      schema: {
        summary: "Begins a sign-in, or joins the one under way.",
        params,
        response: { 200: signInPrompt, ...problems },
      },
    },
    async ({ params: { name } }) => {
      const named = tokenNamed(registry, name)
      if (named.status.canSignIn) return named.signIn()
      const why = `nobody signs in for this token: its grant is ${named.config.grant}`
      throw new Refusal("ERR_SIGN_IN_UNSUITABLE", why, { hint: `Set tokens by hand: evertoken set ${name}` })
    },
  )

  app.delete(
    "/tokens/:name/sign-in",
    {
      schema: {
        summary: "Ends the sign-in under way, if there is one; what was kept before stays.",
        params,
        response: { 204: nothing, ...problems },
      },
    },
    async ({ params: { name } }, reply) => {
      tokenNamed(registry, name).cancelSignIn()
      reply.code(204)
      return undefined
    },
  )

  app.get(
    "/tokens/:name/sign-in/outcome",
    {
      schema: {
        summary:
          "What has become of the last sign-in, once it is over; `under-way` after the time (5 minutes at most).",
        params,
        querystring: z.strictObject({ timeout: lengthOfTime.prefault("30s") }),
        response: { 200: signInOutcome, ...problems },
      },
    },
    async ({ params: { name }, query: { timeout } }, reply) => {
      const named = tokenNamed(registry, name)
      await polls.wait(reply, Math.min(timeout, LONGEST_WAIT_MS), (signal) => signInOver(named, signal))
      return { state: named.signInState, why: named.status.signInError }
    },
  )
}

async function signInOver({ status$ }: NamedToken, signal: AbortSignal): Promise<void> {
  const over$ = status$.pipe(filter(({ isSigningIn }) => !isSigningIn))
  await firstValueFrom(merge(over$, fromEvent(signal, "abort")).pipe(map(() => undefined)))
}
