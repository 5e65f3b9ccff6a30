import { v7 } from "uuid"
import { MessageId } from "../Message.ts"
import type { Submission } from "../Submission.ts"

/** A command as if a message had brought it; the same `id` twice is the same message twice. */
export const fromMessage = <Command>(
  command: Command,
  { by = "test", id = v7() }: { readonly by?: string; readonly id?: string } = {}
): Submission<Command, unknown> => ({
  command,
  by,
  origin: {
    _tag: "Message",
    received: { messageId: MessageId.make(id), type: "test.message.v1", subject: "test", digest: "00" }
  },
  lineage: { causationId: id, correlationId: id }
})

/** A command as if a request without a key had brought it. */
export const fromRequest = <Command>(command: Command, by = "test"): Submission<Command, unknown> => {
  const id = v7()
  return { command, by, origin: { _tag: "Request" }, lineage: { causationId: id, correlationId: id } }
}
