import { onTokenEvent, type Clock } from "evertoken"
import { Subject, type Observable } from "rxjs"
import { z } from "zod"

/** One thing that happened to a named token. Without secrets. */
export const tokenIncident = z.object({
  name: z.string(),
  at: z.number().meta({ description: "Epoch milliseconds." }),
  kind: z.enum(["renewed", "adopted", "failed"]).meta({
    description: "It came from the issuer, from another process, or did not come.",
  }),
  tookMs: z.number().optional(),
  expiresAt: z.number().optional(),
  code: z.string().optional().meta({ description: "Of the failure." }),
})

export type TokenIncident = z.output<typeof tokenIncident>

/** What happened to the tokens of this process of late, oldest first. */
export class TokenHistory implements Disposable {
  readonly #clock: Clock
  readonly #most: number
  readonly #incidents = new Map<string, TokenIncident[]>()
  readonly #incident$ = new Subject<TokenIncident>()
  readonly #unsubscribe: readonly (() => void)[]

  /** @param most of each token, so many are remembered. */
  constructor({ clock, most = 200 }: { readonly clock: Clock; readonly most?: number }) {
    this.#clock = clock
    this.#most = most
    this.#unsubscribe = [
      onTokenEvent("renewed", ({ key, tookMs, expiresAt }) => this.#add(key, { kind: "renewed", tookMs, expiresAt })),
      onTokenEvent("adopted", ({ key }) => this.#add(key, { kind: "adopted" })),
      onTokenEvent("renewal-failed", ({ key, code }) => this.#add(key, { kind: "failed", code })),
    ]
  }

  of(name: string): readonly TokenIncident[] {
    return this.#incidents.get(name) ?? []
  }

  /** Each one, when it happens. */
  get incident$(): Observable<TokenIncident> {
    return this.#incident$.asObservable()
  }

  forget(name: string): void {
    this.#incidents.delete(name)
  }

  [Symbol.dispose](): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    this.#incident$.complete()
  }

  #add(name: string, what: Omit<TokenIncident, "name" | "at">): void {
    const incidents = this.#incidents.get(name) ?? []
    const incident = { name, at: this.#clock.now(), ...what }
    incidents.push(incident)
    if (incidents.length > this.#most) incidents.shift()
    this.#incidents.set(name, incidents)
    this.#incident$.next(incident)
  }
}
