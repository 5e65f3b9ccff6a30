import { build, program } from "./bundle.js"

await build(program)
