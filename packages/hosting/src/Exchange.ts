import type { HttpServerResponse } from "@effect/platform/HttpServerResponse"
import type { IncomingMessage, ServerResponse } from "node:http"
import type { Fields } from "./Admission.ts"
import * as Correlation from "./Correlation.ts"
import { NodeRequest } from "./NodeRequest.ts"
import type { Place } from "./Place.ts"
import type { RouteTable } from "./RouteTable.ts"
import { patternOf } from "./RouteTable.ts"

export type Answer = HttpServerResponse

/** One request and its answer on their way through the edge. */
export interface Exchange {
  readonly request: NodeRequest
  readonly outgoing: ServerResponse
  readonly place: Place
  readonly correlationId: string
  /** By the process's own clock, in milliseconds. */
  readonly began: number
  /** What its admission adds to the answer. */
  admitted: Fields
}

export const make = (incoming: IncomingMessage, outgoing: ServerResponse, place: Place): Exchange => {
  const request = new NodeRequest(incoming)
  const correlationId = Correlation.accept(request.headers[Correlation.header])
  return { request, outgoing, place, correlationId, began: performance.now(), admitted: {} }
}

/** Whether the request changes nothing. Source: RFC 9110, §9.2.1. */
export const isSafe = ({ request: { method } }: Exchange): boolean =>
  method === "GET" || method === "HEAD" || method === "OPTIONS"

export const pathOf = ({ request: { url } }: Exchange): string => {
  const query = url.indexOf("?")
  return query < 0 ? url : url.slice(0, query)
}

/** The route's pattern stands for the path: what a caller wrote into a URL belongs into no log (H195). */
export const routeOf = (exchange: Exchange, routes: RouteTable): string => patternOf(routes, pathOf(exchange))
