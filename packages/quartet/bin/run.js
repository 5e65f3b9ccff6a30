import { run } from "./bundle.js"

// Runs a TypeScript entry that is not the program itself: `node run.js test/bench/main.ts`.
const [entry] = process.argv.splice(2, 1)
await run(entry)
