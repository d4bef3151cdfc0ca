import type { Expansion } from "../expansion.js"
import type { Process, State } from "../state.js"
import { Phase } from "../vocabulary.js"
import { claim, findClaims, readMarks, readTombstone, rereadLiveness, rereadMarks, rereadTombstone } from "./claim.js"
import { checkLink, clean, link, rename } from "./commit.js"
import { close, configure, freeze, kill, notice, noticePause, restart, thaw } from "./fate.js"
import { answerRequest, moveStrays } from "./network.js"
import { meetUnknownOutcome, receive, reject } from "./outcome.js"
import { movePeople } from "./people.js"
import { begin, completeFoundRename, read, seekNextGeneration, watch } from "./read.js"
import { deleteStore, refill, wipeStore } from "./store-loss.js"
import { release } from "./release.js"
import { checkHeldToRepeat, markAgain, rereadTombstoneToRepeat } from "./repeat.js"
import { checkBeforeSending, judgePauseAndSend, mark } from "./send.js"

type Move = (x: Expansion, next: State, me: Process) => void

const MOVES: Record<number, Move> = {
  [Phase.idle]: begin,
  [Phase.reading]: read,
  [Phase.seekingNextGeneration]: seekNextGeneration,
  [Phase.completingRename]: completeFoundRename,
  [Phase.findingClaims]: findClaims,
  [Phase.readingMarks]: readMarks,
  [Phase.claiming]: claim,
  [Phase.marking]: mark,
  [Phase.beforeSending]: checkBeforeSending,
  [Phase.waiting]: receive,
  [Phase.outcomeUnknown]: meetUnknownOutcome,
  [Phase.linking]: link,
  [Phase.renaming]: rename,
  [Phase.cleaning]: clean,
  [Phase.releasing]: release,
  [Phase.reauthentication]: watch,
  [Phase.refilling]: refill,
  [Phase.checkingLink]: checkLink,
  [Phase.readingTombstone]: readTombstone,
  [Phase.rereadingLiveness]: rereadLiveness,
  [Phase.rereadingMarks]: rereadMarks,
  [Phase.rereadingTombstone]: rereadTombstone,
  [Phase.sending]: judgePauseAndSend,
  [Phase.rejecting]: reject,
  [Phase.repeatingTombstone]: rereadTombstoneToRepeat,
  [Phase.repeatingMark]: markAgain,
  [Phase.repeatingHeld]: checkHeldToRepeat,
}

/** All that can happen next, in an order that is always the same. */
export function allMoves(x: Expansion): void {
  if (x.options.leeway && x.from.withinLeeway !== 0) passTime(x)
  moveStrays(x)
  deleteStore(x)
  wipeStore(x)
  movePeople(x)
  for (const { index } of x.from.processes) moveProcess(x, index)
}

function moveProcess(x: Expansion, index: number): void {
  const { alive, frozen, phase } = x.from.process(index)
  if (alive === 0) return make(x, index, restart)
  kill(x, index)
  if (frozen !== 0) {
    make(x, index, thaw)
    return answerRequest(x, index)
  }
  freeze(x, index)
  close(x, index)
  configure(x, index)
  notice(x, index)
  const move = MOVES[phase]
  if (move === undefined) throw new RangeError(`no move for phase ${phase}`)
  make(x, index, move)
  answerRequest(x, index)
}

function make(x: Expansion, index: number, move: Move): void {
  const next = x.successor()
  move(x, next, next.process(index))
}

/** The issuer's window closes, and owners have been at it for more than 5 s. */
function passTime(x: Expansion): void {
  const next = x.successor()
  next.withinLeeway = 0
  for (let family = 0; family < next.dimensions.families; family++) next.leewayOpen.set(family, 0)
  next.processes.forEach(noticePause)
  x.emit(next, undefined, "time-passed", "the leeway is over")
}
