#!/usr/bin/env node
import { bundle, bundlePath, isFresh } from "./bundle.js"

if (!(await isFresh())) await bundle()
await import(bundlePath)
