import { Effect, FiberRef, FiberRefs, LogLevel, Runtime } from "effect"
import type { NodeRequest } from "./NodeRequest.ts"
import * as RequestMetrics from "./RequestMetrics.ts"

/** A request that was answered. */
export interface Answered {
  readonly request: NodeRequest
  readonly correlationId: string
  /** By the process's own clock, in milliseconds. */
  readonly began: number
  /** The pattern of its route. */
  readonly route: string
  readonly status: number
}

/** Counts the request and tells of it; at debug level where `quiet`. */
export const tell = (runtime: Runtime.Runtime<never>, answered: Answered, quiet: boolean): void => {
  const { began, correlationId, request, route, status } = answered
  const milliseconds = Math.round(performance.now() - began)
  const method = request.source.method ?? "unknown"
  RequestMetrics.count({ method, route, status, milliseconds })
  // A 503 of the operators' port is its answer, asked for every few seconds.
  const level = quiet && status !== 500 ? LogLevel.Debug : LogLevel.Info
  // Where nobody would see the line, nothing is done for it.
  const least = FiberRefs.getOrDefault(runtime.fiberRefs, FiberRef.currentMinimumLogLevel)
  if (LogLevel.lessThan(level, least)) return
  Runtime.runSync(runtime)(
    Effect.annotateLogs(Effect.logWithLevel(level, "Request answered."), {
      correlationId,
      method,
      route,
      status,
      milliseconds
    })
  )
}
