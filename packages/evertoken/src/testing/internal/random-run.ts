import assert from "node:assert/strict"
import { salvagedRefreshToken, TokenError } from "../../errors.js"
import { onTokenEvent, type Presentation } from "../../events.js"
import type { Random } from "../../random.js"
import { hashOf, type TokenRequest, type TokenSource } from "../../token-source.js"
import type { Token } from "../../token.js"
import type { Fault, FaultyOperation } from "./faults.js"
import { ScriptedSource } from "./scripted-source.js"
import { Simulation, type SimulatedProcess } from "./simulation.js"
import type { Behaviour } from "./strict-issuer.js"

const REQUEST_TIMEOUT_MS = 10_000
// a waiter counts from the mark, which the owner makes at most so long before it sends
const MARKED_BEFORE_SENDING_MS = 5_000

/** Of fast-check's scheduler, what decides in which order operations on the store are carried out. */
export interface OperationScheduler {
  schedule<T>(promise: Promise<T>, label: string): Promise<T>
  count(): number
  waitOne(): Promise<void>
}

export type Deed =
  | { readonly do: "get" | "renew" | "kill" | "close"; readonly process: number }
  | { readonly do: "fault"; readonly process: number; readonly operation: FaultyOperation; readonly fault: Fault }
  | { readonly do: "issuer"; readonly behaviour: Behaviour }

interface Presented {
  readonly at: number
  readonly by: Actor
  /** What came back to a process that was alive then; undefined: nobody knows. */
  outcome?: { readonly successor: string | undefined }
}

/** One slot of the run: a process, and after its end the next one. */
interface Actor {
  readonly process: SimulatedProcess
  isAlive: boolean
  last: Token | undefined
}

/** Processes over one store and a strict issuer, doing `deeds` in an interleaving that scheduler and chance decide. */
export class RandomRun {
  readonly world = new Simulation()
  readonly #scheduler: OperationScheduler
  readonly #random: Random
  readonly #refreshToken = this.world.issuer.signIn()
  readonly #presented = new Map<string, Presented>()
  readonly #actors: Actor[]
  readonly #broken: string[] = []
  #isCalm = false
  #presentation: Presentation | undefined

  constructor(processes: number, scheduler: OperationScheduler, random: Random) {
    this.#scheduler = scheduler
    this.#random = random
    this.#actors = Array.from({ length: processes }, () => this.#start())
  }

  async run(deeds: readonly Deed[]): Promise<void> {
    const end = onTokenEvent("step", ({ step, presentation }) => {
      if (step === "sending") this.#presentation = presentation
    })
    try {
      await this.#run(deeds)
    } finally {
      end()
    }
  }

  async #run(deeds: readonly Deed[]): Promise<void> {
    for (const deed of deeds) {
      this.#do(deed)
      const steps = Math.floor(this.#random() * 12)
      for (let step = 0; step < steps; step++) await this.#step()
    }
    await this.#calmDown()
    assert.deepEqual(this.#broken, [])
    await this.#assertRenewable()
    assert.deepEqual(this.#broken, [])
    this.#assertOrder()
  }

  /** Either an operation waiting at the store is carried out, or time passes to the next timer. */
  async #step(): Promise<void> {
    const { clock } = this.world
    await clock.advance(0)
    if (this.#scheduler.count() > 0 && this.#random() < 0.9) await this.#scheduler.waitOne()
    else if (clock.nextTimerInMs !== undefined) await clock.advance(clock.nextTimerInMs)
  }

  #do(deed: Deed): void {
    if (deed.do === "issuer") {
      this.world.issuer.next(deed.behaviour)
      return
    }
    const slot = deed.process % this.#actors.length
    const actor = this.#actors[slot]
    assert.ok(actor)
    if (deed.do === "get") this.#get(actor, {})
    if (deed.do === "renew") this.#get(actor, { newerThan: actor.last })
    if (deed.do === "fault") actor.process.connection.faults.plan(deed.operation, deed.fault, 1)
    if (deed.do === "kill") {
      actor.isAlive = false
      void actor.process.kill()
      this.#actors[slot] = this.#start()
    }
    if (deed.do === "close") {
      void actor.process.tokens.close().then(() => (actor.isAlive = false))
      this.#actors[slot] = this.#start()
    }
  }

  #get(actor: Actor, request: TokenRequest): void {
    actor.process.tokens.getToken(request).then(
      (token) => this.#served(actor, token),
      (error: unknown) => this.#expect(error instanceof TokenError, "every failure is a TokenError"),
    )
  }

  #served(actor: Actor, token: Token): void {
    this.#expect(this.world.clock.now() < token.expiresAt, "nothing is served after its end")
    actor.last = token
  }

  #start(): Actor {
    const source = new ScriptedSource(this.world.issuer, { refreshToken: this.#refreshToken })
    const watched: TokenSource = {
      fingerprint: source.fingerprint,
      singleUse: true,
      lineage: source.lineage,
      getToken: (request = {}) => this.#present(actor, source, request),
    }
    const process = this.world.start(watched, {
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      beforeOperation: async (operation) => {
        if (!this.#isCalm) await this.#scheduler.schedule(Promise.resolve(), operation)
      },
    })
    const actor: Actor = { process, isAlive: true, last: undefined }
    return actor
  }

  async #present(by: Actor, source: TokenSource, request: TokenRequest): Promise<Token> {
    if (!by.isAlive) return new Promise(() => {})
    const refreshToken = request.previous?.refreshToken ?? this.#refreshToken
    this.#noteWhetherAllowed(refreshToken)
    const presentation: Presented = { at: this.world.clock.monotonic(), by }
    this.#presented.set(refreshToken, presentation)
    try {
      const token = await source.getToken(request)
      noteOutcome(presentation, token.refreshToken)
      return token
    } catch (error) {
      if (error instanceof TokenError && !error.ambiguous) noteOutcome(presentation, salvagedRefreshToken(error))
      throw error
    }
  }

  // thrown here it would pass for a failure of the source
  #expect(holds: boolean, promise: string): void {
    if (!holds) this.#broken.push(promise)
  }

  #noteWhetherAllowed(refreshToken: string): void {
    const before = this.#presented.get(refreshToken)
    if (before === undefined) return
    const { at, by, outcome } = before
    if (outcome === undefined) {
      this.#expect(this.#presentation !== "first", "after an unknown outcome it is not presented as the first time")
      const agoMs = this.world.clock.monotonic() - at
      this.#expect(
        agoMs >= REQUEST_TIMEOUT_MS - MARKED_BEFORE_SENDING_MS,
        "after an unknown outcome not sooner than a request timeout after the mark",
      )
      return
    }
    const { successor } = outcome
    if (successor === undefined || successor === refreshToken) return
    this.#expect(!by.isAlive, "what a living process knows to be spent is not presented")
    const isStored = this.world.store.written.some(({ token }) => token?.refreshToken === successor)
    this.#expect(!isStored, "what the store knows to be spent is not presented")
  }

  async #calmDown(): Promise<void> {
    this.#isCalm = true
    for (const { process } of this.#actors) process.connection.faults.heal()
    while (this.#scheduler.count() > 0) await this.#scheduler.waitOne()
    this.world.issuer.forgetScript()
    await this.world.clock.advance(1_300_000)
  }

  /** Whatever happened: no claim blocks for ever, and only a family that the issuer has revoked is given up. */
  async #assertRenewable(): Promise<void> {
    const { world } = this
    const stored = await world.stored()
    const current = stored?.token?.refreshToken ?? this.#refreshToken
    const isLive = world.issuer.isLive(current)
    for (const { process } of this.#actors) {
      const outcome = await world.outcome(
        process.tokens.getToken().then(
          () => "served",
          (error: unknown) => (error instanceof TokenError ? error.code : "another error"),
        ),
      )
      assert.equal(outcome, isLive ? "served" : "ERR_REAUTHENTICATION_REQUIRED", `of ${hashOf(current)}`)
    }
    await world.outcome(Promise.all(this.#actors.map(({ process }) => process.tokens.close())))
    assert.equal(world.clock.pendingTimers, 0, "nothing is left running")
  }

  #assertOrder(): void {
    const generations = this.world.store.written.map(({ version }) => version.generation)
    const sorted = [...new Set(generations)].sort((a, b) => a - b)
    assert.deepEqual(generations, sorted, "generations only go up, each once")
  }
}

// what comes back to a dead process nobody knows
function noteOutcome(presentation: Presented, successor: string | undefined): void {
  if (presentation.by.isAlive) presentation.outcome = { successor }
}
