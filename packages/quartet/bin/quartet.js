#!/usr/bin/env node
import { program, run } from "./bundle.js"

await run(program)
